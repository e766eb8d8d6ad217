import { MOST_PROBLEMS } from "../base/field-kind.ts";
import type { GafferError } from "../base/gaffer-error.ts";
import { InvalidText, invalidText, type Place, type Problem, type TextKind } from "./source-text.ts";

/** What errors about a configuration file say it is. */
export const configKind: TextKind = { code: "config_invalid", noun: "configuration" };

/** Everything that is found wrong in the files of one configuration. */
export class ProblemList {
  readonly #problems: Problem[] = [];
  /** Files by name, in the order they were read. */
  readonly #files: string[] = [];

  /** Whether nobody would read more of them. */
  get isFull(): boolean {
    return this.#problems.length >= MOST_PROBLEMS;
  }

  /** Takes note that a file is read now: what is wrong in it is told after what is wrong in those before. */
  begin(file: string): void {
    this.#files.push(file);
  }

  add(place: Place, message: string): void {
    this.#problems.push({ place, message });
  }

  addAll(problems: readonly Problem[]): void {
    this.#problems.push(...problems);
  }

  /** Takes the problems of an error about a text; one about something else is told at `place`. */
  addError(error: GafferError, place: Place): void {
    if (error instanceof InvalidText) this.addAll(error.problems);
    else this.add(place, error.message);
  }

  /** @throws {@link GafferError} `config_invalid` with all of them, file by file and from top to bottom, if there are any. */
  throwIfAny(): void {
    if (this.#problems.length === 0) return;
    const file = (problem: Problem): number => this.#files.indexOf(problem.place.file);
    const sorted = this.#problems.toSorted(
      (a, b) => file(a) - file(b) || a.place.line - b.place.line || a.place.column - b.place.column,
    );
    throw invalidText(configKind, sorted.slice(0, MOST_PROBLEMS));
  }
}
