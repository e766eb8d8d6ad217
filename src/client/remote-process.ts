import type { ProcessBody } from "../wire/process-body.ts";
import type { ProcessStatsBody } from "../wire/stats-body.ts";
import type { Change, ChangeOptions } from "./change.ts";
import type { DaemonClient } from "./daemon-client.ts";
import { IOChannel, type IOChannelOptions } from "./io-channel.ts";

/** How one process is stopped. */
export interface StopOptions extends ChangeOptions {
  /** Its job has one less, instead of another process in its place. @defaultValue false */
  readonly scaleDown?: boolean;
}

/**
 * One process of a daemon. It is a number: nothing is asked before a method is called.
 *
 * @remarks Every method throws {@link GafferError} `process_not_found` (status 404) when it is gone, `daemon_unreachable`, and with keys
 * `unauthorized` (401) or `forbidden` (403).
 */
export class RemoteProcess {
  /** gaffer's number of it. */
  readonly pid: number;
  readonly #client: DaemonClient;

  constructor(client: DaemonClient, pid: number) {
    this.#client = client;
    this.pid = pid;
  }

  /** What it is. */
  info(): Promise<ProcessBody> {
    return this.#client.json<ProcessBody>(`/${this.pid}`);
  }

  /** Whether it lives. */
  async active(): Promise<boolean> {
    return (await this.info()).active;
  }

  /** What it uses, its descendants with it. */
  async stats(): Promise<ProcessStatsBody> {
    return (await this.#client.json<{ stats: ProcessStatsBody }>(`/${this.pid}/stats`)).stats;
  }

  /** Stops it. @returns whether another takes its place */
  stop({ wait, scaleDown = false }: StopOptions = {}): Promise<Change & { readonly replaced: boolean }> {
    const query = { scale_down: scaleDown };
    return this.#client.json(`/${this.pid}`, { method: "DELETE", query, wait });
  }

  /** Sends a signal, by name or number, to it and its group. @throws {@link GafferError} `bad_signal` */
  async kill(signal: string | number): Promise<void> {
    await this.#client.send(`/${this.pid}/signal`, { method: "POST", body: { signal } });
  }

  /**
   * Writes to it: all of it, or nothing.
   *
   * @param stream - label of a custom stream. @defaultValue `"stdin"`
   * @throws {@link GafferError} `input_full` when it reads too slowly, `input_closed`, `stream_not_found`.
   */
  async write(data: string | Uint8Array, stream = "stdin"): Promise<void> {
    const path = `/streams/${this.pid}/${encodeURIComponent(stream)}`;
    await this.#client.send(path, { method: "POST", body: data });
  }

  /**
   * What it says from now on, until it ends; no more is read than is taken.
   *
   * @param label - of the stream. @defaultValue `"stdout"`
   * @throws {@link GafferError} `stream_not_found`
   */
  async *read(label = "stdout", signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const path = `/streams/${this.pid}/${encodeURIComponent(label)}`;
    const { body } = await this.#client.send(path, { query: { feed: "continuous" }, signal });
    if (body !== null) yield* body;
  }

  /** Its input and output as one connection. @throws {@link GafferError} as its methods do */
  socket(options?: IOChannelOptions): Promise<IOChannel> {
    return IOChannel.open(this.#client, this.pid, options);
  }
}
