import { gafferBinary } from "./gaffer-binary.ts";

/** What a command said, and how it ended. */
export interface GafferEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a command runs, and what it is given. */
export interface GafferPlace {
  readonly cwd: string;
  /** Address of the daemon that is meant. */
  readonly endpoint?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Its stdin. @defaultValue nothing */
  readonly input?: string | Uint8Array;
}

/** Runs a `gaffer` to its end. */
export async function runGaffer(args: readonly string[], place: GafferPlace): Promise<GafferEnd> {
  const { cwd, endpoint, env, input } = place;
  const child = Bun.spawn([gafferBinary(), ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", PORT: undefined, GAFFER_ENDPOINT: endpoint, ...env },
    stdio: [input === undefined ? "ignore" : Buffer.from(input), "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}
