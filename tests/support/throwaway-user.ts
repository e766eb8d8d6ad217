import { waitFor } from "./wait-for.ts";

/** A user of this machine for one test, in `nogroup` and in the supplementary groups asked for. Needs root. */
export class ThrowawayUser implements AsyncDisposable {
  readonly name: string;

  private constructor(name: string) {
    this.name = name;
  }

  static async make(groups: readonly string[]): Promise<ThrowawayUser> {
    const name = `gaffer-t${process.pid}`;
    await change([
      "useradd",
      "--no-create-home",
      "--no-user-group",
      "--gid",
      "nogroup",
      "--groups",
      groups.join(),
      name,
    ]);
    return new ThrowawayUser(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await change(["userdel", this.name]);
  }
}

/** Changes the machine's users, once nobody else does: useradd(8) gives up at once when the lock is held. */
async function change(argv: string[]): Promise<void> {
  let said = "";
  await waitFor(
    () => {
      const { exitCode, stderr } = Bun.spawnSync(argv);
      said = stderr.toString();
      if (exitCode !== 0 && !said.includes("cannot lock")) throw new Error(said);
      return exitCode === 0;
    },
    () => `${argv.join(" ")}: ${said}`,
  );
}
