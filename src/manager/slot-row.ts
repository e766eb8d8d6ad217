import type { Slot } from "./slot.ts";

/** The slots of one job in order of their numbers: the lowest free numbers are opened first, the highest closed first. */
export class SlotRow {
  readonly #make: (number: number) => Slot;
  #slots: readonly Slot[] = [];

  /** @param make - a new, empty slot of that number. */
  constructor(make: (number: number) => Slot) {
    this.#make = make;
  }

  /** Every slot, those that close as soon as they are empty included. */
  get all(): readonly Slot[] {
    return this.#slots;
  }

  /** Slots that stay. */
  get open(): Slot[] {
    return this.#slots.filter((slot) => slot.open);
  }

  at(number: number): Slot | undefined {
    return this.#slots.find((slot) => slot.number === number);
  }

  /** Opens the lowest free slots until `count` are open; one that was about to close stays after all. */
  openTo(count: number): void {
    const there = new Map(this.#slots.map((slot) => [slot.number, slot]));
    let open = this.open.length;
    if (open >= count) return;
    for (let number = 1; open < count; number++) {
      const slot = there.get(number) ?? this.#make(number);
      if (there.has(number) && slot.open) continue;
      slot.open = true;
      there.set(number, slot);
      open++;
    }
    this.#slots = [...there.values()].toSorted((a, b) => a.number - b.number);
  }

  /** Lets go of detached processes that run. @returns whether there were any */
  release(): boolean {
    return this.#slots.filter((slot) => slot.release()).length > 0;
  }

  /** Forgets a closed slot once it is empty. */
  drop(slot: Slot): void {
    if (slot.process === undefined && !slot.open) this.#slots = this.#slots.filter((one) => one !== slot);
  }
}
