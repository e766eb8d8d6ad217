import { readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type { Plugin, PluginApp } from "./plugin.ts";
import { isPluginName } from "./plugin-folders.ts";
import type { PluginAbout } from "./plugin-record.ts";

const isModule = (name: string): boolean => /\.(ts|js|mjs)$/.test(name) && !name.endsWith(".d.ts");
const isIndex = (name: string): boolean => /^index\.(ts|js|mjs)$/.test(name);

/** A plugin, and what it says of itself. */
export interface MadePlugin {
  readonly plugin: Plugin;
  readonly about: PluginAbout;
}

/**
 * Imports the modules of a folder and makes what they export.
 *
 * @remarks An index module is the whole plugin; without one every module is looked at, and those without a default export are passed over.
 * @throws what a module throws, or an Error that says why there is no plugin in the folder.
 */
export async function importPlugins(folder: string, fallbackName: string): Promise<MadePlugin[]> {
  // As errors name it.
  const real = realpathSync(folder);
  const names = readdirSync(real).filter(isModule).toSorted();
  const index = names.find(isIndex);
  const made: MadePlugin[] = [];
  for (const name of index === undefined ? names : [index]) {
    const path = join(real, name);
    const module: Readonly<Record<string, unknown>> = await import(path);
    if (module["default"] !== undefined) made.push(makePlugin(module["default"], path, fallbackName));
  }
  if (made.length > 0) return made;
  const where = names.length === 0 ? "it holds no .ts, .js or .mjs file" : `${names.join(", ")} export no default`;
  throw new Error(`${real}: there is no plugin: ${where}`);
}

type Maker = (new () => unknown) & Readonly<Record<string, unknown>>;

const isMaker = (value: unknown): value is Maker => typeof value === "function" && "prototype" in value;

const hasMethod = (value: unknown, name: string): boolean =>
  typeof value === "object" && value !== null && name in value && typeof Reflect.get(value, name) === "function";

const isPlugin = (value: unknown): value is Plugin => hasMethod(value, "app");

/** Whether something may be attached to a manager. */
export const isPluginApp = (value: unknown): value is PluginApp =>
  hasMethod(value, "start") && hasMethod(value, "stop");

function makePlugin(exported: unknown, path: string, fallbackName: string): MadePlugin {
  if (!isMaker(exported)) throw new Error(`${path}: its default export is no class`);
  const plugin = new exported();
  if (!isPlugin(plugin)) throw new Error(`${path}: its class has no method app()`);
  return { plugin, about: aboutOf(plugin, exported, { path, fallbackName }) };
}

function aboutOf(plugin: Plugin, maker: Maker, at: { path: string; fallbackName: string }): PluginAbout {
  const said = (field: keyof PluginAbout): unknown => Reflect.get(plugin, field) || ownStatic(maker, field);
  const text = (field: "name" | "version" | "description"): string | undefined => {
    const value = said(field) ?? "";
    if (typeof value !== "string") throw new Error(`${at.path}: its ${field} is no text`);
    return value === "" ? undefined : value;
  };
  const {
    name = at.fallbackName,
    version = "",
    description = "",
  } = {
    name: text("name"),
    version: text("version"),
    description: text("description"),
  };
  if (!isPluginName(name)) {
    throw new Error(`${at.path}: its name ${JSON.stringify(name)} is none: it takes letters, digits, "_", "." and "-"`);
  }
  return { name, version, description, mandatory: namesIn(said("mandatory"), at.path) };
}

/** A static field that the class was given; every class has a name of its own, which is not meant. */
function ownStatic(maker: Maker, field: string): unknown {
  const own = Object.getOwnPropertyDescriptor(maker, field);
  const isGiven = own !== undefined && (own.writable === true || own.get !== undefined);
  return isGiven ? maker[field] : undefined;
}

function namesIn(value: unknown, path: string): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value ?? []].flat();
  return list.map((name) => {
    if (typeof name === "string") return name;
    throw new Error(`${path}: its mandatory is no list of names`);
  });
}
