import { describe, expect, test } from "bun:test";
import { firstMatch } from "../../../src/manager/event-emitter.ts";
import { parseEventPattern, topicsMeant } from "../../../src/manager/event-pattern.ts";
import { EVENT_KINDS, type GafferEvent, topicsOf } from "../../../src/manager/gaffer-event.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const event = (kind: GafferEvent["event"], name = "default.Web"): GafferEvent => ({
  event: kind,
  name,
  pid: 7,
  time: 1,
  seq: 1,
});

describe("parseEventPattern", () => {
  test("takes every topic that an event has, its beginnings, and everything, with case kept", () => {
    for (const kind of EVENT_KINDS) {
      for (const topic of topicsOf(event(kind))) {
        expect(parseEventPattern(topic)).toBe(topic);
        expect(parseEventPattern(`${topic}.`)).toBe(topic);
        const parts = topic.split(".");
        for (let length = 1; length < parts.length; length++) {
          const pattern = parseEventPattern(parts.slice(0, length).join("."));
          expect(firstMatch(pattern, topicsOf(event(kind)))).toBeDefined();
        }
      }
    }
    expect(parseEventPattern(".")).toBe(".");
  });

  test.each([
    ["", "it is empty; . is every event"],
    ["..", "a name in it is empty or has a blank"],
    ["job..exit", "a name in it is empty or has a blank"],
    ["job.my web", "a name in it is empty or has a blank"],
    ["exti", 'there is no event "exti" (did you mean "exit"?)'],
    ["EXIT", 'there is no event "EXIT" (did you mean "exit"?)'],
    ["jobs.default", 'there is no event "jobs" (did you mean "job"?)'],
    ["exit.default.web", "nothing follows exit; for one job write job.SESSION.JOB.exit"],
  ])("refuses %j, which nothing can match", (text, fact) => {
    const error = thrownBy(() => parseEventPattern(text));
    expect(error).toMatchObject({
      code: "bad_topic",
      message: `Cannot use event pattern ${JSON.stringify(text)}: ${fact}`,
    });
  });

  test("names every event when none is near", () => {
    expect(thrownBy(() => parseEventPattern("zzzzzzzz"))).toMatchObject({
      message: expect.stringContaining("events are load, unload,"),
    });
  });
});

describe("topicsMeant", () => {
  test.each([
    ["job.web.exit", ["job.web.exit", "job.default.web.exit"]],
    ["job.web.stop_pid", ["job.web.stop_pid", "job.default.web.stop_pid"]],
    ["job.shop.web.exit", ["job.shop.web.exit"]],
    ["job.shop.web", ["job.shop.web"]],
    ["job.web", ["job.web"]],
    ["exit", ["exit"]],
    [".", ["."]],
  ])("of %s", (pattern, topics) => {
    expect(topicsMeant(pattern)).toEqual(topics);
  });
});
