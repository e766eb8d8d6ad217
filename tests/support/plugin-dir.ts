import { cpSync } from "node:fs";
import { join } from "node:path";
import { TempDir } from "./temp-dir.ts";

const fixtures = join(import.meta.dir, "..", "fixtures", "plugins");

/** A folder of plugins for one test. @param files - what to put in it, by relative path: `x/plugin/index.ts` */
export class PluginDir extends TempDir {
  /** Puts a plugin of the fixtures into it, as our own: root does not load the code of others. */
  copy(name: string): string {
    const path = this.file(name);
    cpSync(join(fixtures, name), path, { recursive: true });
    return path;
  }
}

/** The text of a module whose plugin's application is an expression. @param fields - of the class, such as `mandatory = ["x"];` */
export const pluginText = (app: string, fields = ""): string =>
  `export default class { ${fields} app(settings) { return ${app}; } }\n`;

/** An application that does nothing. */
export const idle = "{ start() {}, stop() {} }";
