/** One event that a receiver is to get. */
export interface Delivery {
  /** Names it at every attempt. */
  readonly id: string;
  /** The event as JSON. */
  readonly body: string;
  /** What a log calls it: `exit of default.web`. */
  readonly subject: string;
}

/** How much may wait for one receiver. */
export interface QueueLimits {
  readonly count: number;
  /** Of the bodies, each character counted as one. */
  readonly bytes: number;
}

/** What waits for one receiver, oldest first. When it is full the oldest go: what happened last matters most. */
export class DeliveryQueue {
  readonly #limits: QueueLimits;
  #waiting: Delivery[] = [];
  /** Where the oldest stands: taking from the front of an array would move the whole of it each time. */
  #first = 0;
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiting.length - this.#first;
  }

  /** Length of all bodies. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes one more. @returns how many of the oldest were dropped for it. */
  push(delivery: Delivery): number {
    this.#waiting.push(delivery);
    this.#bytes += delivery.body.length;
    let dropped = 0;
    while (this.length > this.#limits.count || (this.#bytes > this.#limits.bytes && this.length > 1)) {
      this.shift();
      dropped++;
    }
    return dropped;
  }

  /** Takes the oldest out. */
  shift(): Delivery | undefined {
    const delivery = this.#waiting[this.#first];
    if (delivery === undefined) return undefined;
    this.#first++;
    this.#bytes -= delivery.body.length;
    if (this.#first * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return delivery;
  }

  /** Drops all. @returns how many. */
  clear(): number {
    const dropped = this.length;
    this.#waiting = [];
    [this.#first, this.#bytes] = [0, 0];
    return dropped;
  }
}
