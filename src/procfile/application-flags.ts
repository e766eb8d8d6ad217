import { dirname, join, resolve } from "node:path";
import type { CliContext } from "../cli/command.ts";
import { type EnvSettings, readEnvSources, takeSettings } from "../config/env-sources.ts";
import { Procfile } from "../config/procfile.ts";

/** Flags that say which application is meant; every Procfile command takes them. */
export const applicationFlags = {
  procfile: { type: "string", short: "f", value: "FILE", description: "Procfile to use instead of ./Procfile" },
  directory: {
    type: "string",
    short: "d",
    value: "DIR",
    description: "Root folder of the application; without it, that of the Procfile",
  },
  // The same flag under its name of gaffer 0.5.
  root: { type: "string", value: "DIR", description: "Same as --directory" },
  env: {
    type: "string",
    short: "e",
    value: "FILE|NAME=VALUE",
    repeatable: true,
    description: "Environment file or value, over .env beside the Procfile",
  },
} as const;

/** How many processes each job has; commands that start some take it. */
export const concurrencyFlag = {
  concurrency: {
    type: "string",
    short: "c",
    value: "JOB=N[,…]",
    repeatable: true,
    description: "How many processes of each job; all=N for those not named",
  },
} as const;

/** What {@link applicationFlags} were given. */
export interface ApplicationChoice {
  readonly procfile: string | undefined;
  readonly directory: string | undefined;
  readonly root: string | undefined;
  readonly env: readonly string[];
}

/** An application as its files describe it. */
export interface Application {
  readonly procfile: Procfile;
  readonly settings: EnvSettings;
}

/**
 * Reads the Procfile. `-f` starts from the current directory; without it the file is `Procfile` in `-d`.
 *
 * @throws {@link GafferError} `procfile_missing`, `procfile_invalid`.
 */
export function readProcfile(choice: ApplicationChoice, { cwd }: Pick<CliContext, "cwd">): Procfile {
  const directory = choice.directory ?? choice.root;
  const name = choice.procfile ?? join(directory ?? ".", "Procfile");
  const path = resolve(cwd, name);
  return Procfile.load(path, { name, root: directory === undefined ? dirname(path) : resolve(cwd, directory) });
}

/**
 * Reads the environment of an application: `.env` in the Procfile's folder, then what `-e` was given.
 *
 * @throws {@link GafferError} `env_invalid`.
 */
export function readSettings(
  choice: ApplicationChoice,
  { cwd, env }: Pick<CliContext, "cwd" | "env">,
  jobs: readonly string[] | undefined,
): EnvSettings {
  const folder = choice.procfile === undefined ? (choice.directory ?? choice.root ?? ".") : dirname(choice.procfile);
  const sources = { beside: join(folder, ".env"), given: choice.env, cwd, environment: env };
  return takeSettings(readEnvSources(sources), jobs);
}
