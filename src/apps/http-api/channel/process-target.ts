import type { ProcessInfo } from "../../../manager/job-status.ts";
import type { OutputOrigin } from "./output-reader.ts";

/** What of a process is read and written by one socket. */
export interface ProcessTarget {
  /** undefined = it says nothing that could be read. */
  readonly output: OutputOrigin | undefined;
  /** A custom stream; undefined = stdin. */
  readonly stream: string | undefined;
  /** Whether it can be written to. */
  readonly isWritable: boolean;
}

/**
 * What a stream of a process stands for: an output's label for that output and stdin, a custom stream for itself both ways, none for the
 * first output and stdin.
 *
 * @returns undefined when it has no such stream.
 */
export function processTarget(info: ProcessInfo, stream: string | undefined): ProcessTarget | undefined {
  const { pid, redirectOutput, customStreams, redirectInput } = info;
  if (stream !== undefined && customStreams.includes(stream)) {
    return { output: { id: pid, stream }, stream, isWritable: true };
  }
  if (stream !== undefined && !redirectOutput.includes(stream)) return undefined;
  const label = stream ?? redirectOutput[0];
  const output = label === undefined ? undefined : { id: pid, stream: label };
  return { output, stream: undefined, isWritable: redirectInput };
}
