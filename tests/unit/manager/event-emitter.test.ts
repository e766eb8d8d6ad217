import { describe, expect, test } from "bun:test";
import { EventEmitter } from "../../../src/manager/event-emitter.ts";

function emitter(): { events: EventEmitter<number>; heard: string[]; errors: unknown[] } {
  const errors: unknown[] = [];
  return { events: new EventEmitter<number>((error) => errors.push(error)), heard: [], errors };
}

describe("EventEmitter", () => {
  test("calls a subscriber with topic and payload, in the order of publication", () => {
    const { events, heard } = emitter();
    events.subscribe("a", (topic, value) => heard.push(`${topic} ${value}`));
    events.publish("a", 1);
    events.publish("b", 2);
    events.publish("a", 3);
    expect(heard).toEqual(["a 1", "a 3"]);
  });

  test("calls a subscriber of `a` for `a.b`, one of `a.b` for `a.b.c`, neither for `ab`", () => {
    const { events, heard } = emitter();
    events.subscribe("a", (topic) => heard.push(`a: ${topic}`));
    events.subscribe("a.b", (topic) => heard.push(`a.b: ${topic}`));
    events.publish("a.b", 1);
    events.publish("a.b.c", 1);
    events.publish("ab", 1);
    events.publish("a", 1);
    expect(heard).toEqual(["a: a.b", "a.b: a.b", "a: a.b.c", "a.b: a.b.c", "a: a"]);
  });

  test("`.` is everything, and a trailing dot means nothing", () => {
    const { events, heard } = emitter();
    events.subscribe(".", (topic) => heard.push(`. ${topic}`));
    events.subscribe("a.b.", (topic) => heard.push(`a.b. ${topic}`));
    events.publish("a.b", 1);
    events.publish("c", 1);
    expect(heard).toEqual([". a.b", "a.b. a.b", ". c"]);
  });

  test("calls each listener once per publication, under however many topics and patterns", () => {
    const { events, heard } = emitter();
    const listener = (topic: string): number => heard.push(topic);
    events.subscribe("job", listener);
    events.subscribe("exit", listener);
    events.publish(["exit", "job.a.exit", "proc.1.exit"], 1);
    expect(heard).toEqual(["job.a.exit"]);
  });

  test("calls a subscribeOnce listener once, even when it publishes itself", () => {
    const { events, heard } = emitter();
    events.subscribeOnce("a", (topic, value) => {
      heard.push(`${topic} ${value}`);
      events.publish("a", 2);
    });
    events.publish("a", 1);
    events.publish("a", 3);
    expect(heard).toEqual(["a 1"]);
  });

  test("serves two listeners of one topic, and ends one without the other", () => {
    const { events, heard } = emitter();
    const first = (): number => heard.push("first");
    events.subscribe("a", first);
    events.subscribe("a", () => heard.push("second"));
    events.publish("a", 1);
    events.unsubscribe("a", first);
    events.publish("a", 1);
    expect(heard).toEqual(["first", "second", "second"]);
  });

  test("`.` can be unsubscribed", () => {
    const { events, heard } = emitter();
    const listener = (): number => heard.push("heard");
    events.subscribe(".", listener);
    events.unsubscribe(".", listener);
    events.publish("a", 1);
    expect(heard).toEqual([]);
    expect(events.active).toBe(false);
  });

  test("does not call a listener that another one has just unsubscribed", () => {
    const { events, heard } = emitter();
    const second = (): number => heard.push("second");
    events.subscribe("a", () => events.unsubscribe("a", second));
    events.subscribe("a", second);
    events.publish("a", 1);
    expect(heard).toEqual([]);
  });

  test("unsubscribeOnce() leaves an ordinary subscription alone", () => {
    const { events, heard } = emitter();
    const listener = (): number => heard.push("heard");
    events.subscribe("a", listener);
    events.subscribeOnce("a", listener);
    events.unsubscribeOnce("a", listener);
    events.publish("a", 1);
    events.publish("a", 1);
    expect(heard).toEqual(["heard", "heard"]);
  });

  test("unsubscribeAll() ends what is below the patterns, or all", () => {
    const { events, heard } = emitter();
    events.subscribe("a.b", () => heard.push("a.b"));
    events.subscribe("c", () => heard.push("c"));
    events.unsubscribeAll("a");
    events.publish(["a.b", "c"], 1);
    events.unsubscribeAll();
    events.publish(["a.b", "c"], 1);
    expect(heard).toEqual(["c"]);
  });

  test("a listener that throws is reported and hurts no other", () => {
    const { events, heard, errors } = emitter();
    const fault = new Error("listener");
    events.subscribe("a", () => {
      throw fault;
    });
    events.subscribe("a", () => heard.push("heard"));
    events.publish("a", 1);
    expect([heard, errors]).toEqual([["heard"], [fault]]);
  });

  test("close() ends every subscription", () => {
    const { events, heard } = emitter();
    events.subscribe("a", () => heard.push("heard"));
    events.close();
    events.publish("a", 1);
    expect(heard).toEqual([]);
  });
});
