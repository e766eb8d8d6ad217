import { describe, expect, test } from "bun:test";
import { DeliveryQueue } from "../../../../src/apps/webhooks/delivery-queue.ts";

const delivery = (id: number, body = "x") => ({ id: String(id), body, subject: "exit of default.web" });

const drained = (queue: DeliveryQueue): string[] => {
  const ids: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) ids.push(next.id);
  return ids;
};

describe("DeliveryQueue", () => {
  test("gives in order what it took", () => {
    const queue = new DeliveryQueue({ count: 10, bytes: 1000 });
    for (let id = 0; id < 5; id++) expect(queue.push(delivery(id))).toBe(0);
    expect([queue.length, queue.bytes]).toEqual([5, 5]);
    expect(queue.shift()?.id).toBe("0");
    queue.push(delivery(5));
    expect(drained(queue)).toEqual(["1", "2", "3", "4", "5"]);
    expect([queue.length, queue.bytes]).toEqual([0, 0]);
  });

  test("drops the oldest over its count", () => {
    const queue = new DeliveryQueue({ count: 3, bytes: 1000 });
    const dropped = Array.from({ length: 1000 }, (_, id) => queue.push(delivery(id)));
    expect(dropped.slice(0, 4)).toEqual([0, 0, 0, 1]);
    expect(dropped.reduce((sum, count) => sum + count)).toBe(997);
    expect([queue.length, queue.bytes]).toEqual([3, 3]);
    expect(drained(queue)).toEqual(["997", "998", "999"]);
  });

  test("drops as many of the oldest as its bytes need, and keeps one whatever its length", () => {
    const queue = new DeliveryQueue({ count: 100, bytes: 10 });
    queue.push(delivery(1, "four"));
    queue.push(delivery(2, "four"));
    expect(queue.push(delivery(3, "seven77"))).toBe(2);
    expect([queue.length, queue.bytes]).toEqual([1, 7]);
    expect(queue.push(delivery(4, "x".repeat(11)))).toBe(1);
    expect([queue.length, queue.bytes]).toEqual([1, 11]);
    expect(queue.push(delivery(5))).toBe(1);
    expect(drained(queue)).toEqual(["5"]);
  });

  test("drops all", () => {
    const queue = new DeliveryQueue({ count: 10, bytes: 1000 });
    for (let id = 0; id < 4; id++) queue.push(delivery(id));
    queue.shift();
    expect(queue.clear()).toBe(3);
    expect([queue.length, queue.bytes, queue.shift()]).toEqual([0, 0, undefined]);
  });
});
