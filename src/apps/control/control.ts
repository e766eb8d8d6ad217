import type { Caller } from "../../base/caller.ts";
import type { Command, ControlPorts, Outcome } from "./command.ts";

/** Carries commands out: the one way by which anything outside reaches the manager. */
export class Control {
  readonly #ports: ControlPorts;

  constructor(ports: ControlPorts) {
    this.#ports = ports;
  }

  /**
   * Carries a command out for somebody.
   *
   * @throws {@link GafferError} `bad_request`, `forbidden`, and what the command throws; nothing has changed then.
   */
  async execute(command: Command, args: unknown, caller: Caller): Promise<Outcome> {
    return await command.run({ ...this.#ports, caller }, args);
  }
}
