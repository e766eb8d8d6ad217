import { closeSync, openSync, readSync } from "node:fs";
import { MOST_PROBLEMS } from "../base/field-kind.ts";
import { type ErrorCode, GafferError } from "../base/gaffer-error.ts";

/** Where in a file something stands; line and column count from 1, columns in characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Something in a text that cannot be accepted. */
export interface Problem {
  readonly place: Place;
  readonly message: string;
}

/** What kind of text it is, for the errors about it. */
export interface TextKind {
  /** Code of every error about it. */
  readonly code: ErrorCode;
  /** What people call it: `Procfile`, `env file`. */
  readonly noun: string;
}

/** Thrown inside a parser to leave one entry: what is wrong, and at which offset. Never leaves this folder. */
export class SyntaxFault extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** A text with the name of the file it came from: LF line ends, no byte order mark. */
export class SourceText {
  /** Name for messages, as the user would write it. */
  readonly file: string;
  readonly text: string;
  readonly kind: TextKind;
  #lineStarts: readonly number[] | undefined;

  constructor(file: string, text: string, kind: TextKind) {
    this.file = file;
    this.text = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
    this.kind = kind;
  }

  /** The place of an offset into {@link text}. */
  placeAt(offset: number): Place {
    this.#lineStarts ??= [0, ...Array.from(this.text.matchAll(/\n/g), ({ index }) => index + 1)];
    const line = countUpTo(this.#lineStarts, offset);
    const before = this.text.slice(this.#lineStarts[line - 1], offset);
    return { file: this.file, line, column: Array.from(before).length + 1 };
  }

  /** A problem at an offset into {@link text}. */
  problem(offset: number, message: string): Problem {
    return { place: this.placeAt(offset), message };
  }

  /** The error that tells of these problems, one a line. */
  invalid(problems: readonly Problem[]): GafferError {
    return invalidText(this.kind, problems);
  }
}

/** How many of the ascending `numbers` are at most `limit`. */
function countUpTo(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? Infinity) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `Procfile:3:1`. */
export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** The error that tells of every problem found in one kind of text; `details.problems` holds them for programs. */
export class InvalidText extends GafferError {
  readonly problems: readonly Problem[];

  constructor(kind: TextKind, problems: readonly Problem[]) {
    const lines = problems.map(({ place, message }) => `${formatPlace(place)}: ${message}`);
    const count = problems.length < MOST_PROBLEMS ? problems.length : `at least ${MOST_PROBLEMS}`;
    const head = `Cannot use the ${kind.noun}:`;
    const message = lines.length === 1 ? `${head} ${lines[0]}` : [`${head} ${count} problems`, ...lines].join("\n  ");
    super(kind.code, message, { details: { problems } });
    this.problems = problems;
  }
}

/** The error that tells of every problem found in one kind of text. */
export function invalidText(kind: TextKind, problems: readonly Problem[]): InvalidText {
  return new InvalidText(kind, problems);
}

/** A text of ours is written by hand; a larger one is the wrong file. Keeps `/dev/zero` from being read for ever. */
const limitBytes = 1 << 20;

/**
 * Reads a text file: UTF-8, at most 1 MiB, no binary.
 *
 * @param path - where it is.
 * @param kind - what it is.
 * @param name - its name in messages. @defaultValue `path`
 * @returns undefined when there is no such file.
 * @throws {@link GafferError} with the kind's code if it is a directory, cannot be read, is too large, binary or not UTF-8.
 */
export function readSource(path: string, kind: TextKind, name: string = path): SourceText | undefined {
  const refuse = (fact: string, cause?: unknown): GafferError =>
    new GafferError(kind.code, `Cannot read ${kind.noun} ${JSON.stringify(name)}: ${fact}`, { cause });
  let bytes: Uint8Array;
  try {
    bytes = readBounded(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return undefined;
    throw refuse(facts[errno] ?? errno, error);
  }
  if (bytes.length > limitBytes) throw refuse("it is larger than 1 MiB");
  return decode(bytes, { kind, name });
}

const facts: Readonly<Record<string, string>> = {
  EISDIR: "it is a directory",
  EACCES: "permission denied",
  ELOOP: "its symbolic links go in a circle",
  ENAMETOOLONG: "the name is too long",
};

function errnoOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  throw error;
}

/** Reads until the end or just past the limit, so that pipes and devices work and end too. */
function readBounded(path: string): Uint8Array {
  const fd = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(limitBytes + 1);
    let length = 0;
    for (;;) {
      const count = readSync(fd, buffer, length, buffer.length - length, null);
      length += count;
      if (count === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes bytes a text.
 *
 * @throws {@link GafferError} with the kind's code if they hold a NUL or are not UTF-8.
 */
export function decode(bytes: Uint8Array, { kind, name }: { kind: TextKind; name: string }): SourceText {
  const source = new SourceText(name, new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), kind);
  const nul = source.text.indexOf("\0");
  if (nul !== -1) throw source.invalid([source.problem(nul, "a NUL byte: this is a binary file, not text")]);
  if (!isUtf8(bytes)) {
    const bad = Math.max(0, source.text.indexOf("\uFFFD"));
    throw source.invalid([source.problem(bad, "a byte that is not UTF-8: save the file as UTF-8")]);
  }
  return source;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
