import { expect, test } from "bun:test";
import { readWatchPattern } from "../../../../../src/apps/http-api/legacy/watch-pattern.ts";
import { firstMatch } from "../../../../../src/manager/event-emitter.ts";
import { EVENT_KINDS, type EventKind, type GafferEvent, topicsOf } from "../../../../../src/manager/gaffer-event.ts";
import { thrownBy } from "../../../../support/thrown-by.ts";

const event = (kind: EventKind, name = "default.web", pid = 7): GafferEvent => ({
  event: kind,
  name,
  time: 0,
  seq: 1,
  pid,
});

/** The topic under which a path hears an event; undefined = it does not. */
function heard(path: string, told: GafferEvent): string | undefined {
  const { pattern, topicOf } = readWatchPattern(path.split("/").slice(2));
  return firstMatch(pattern.replace(/^\.$/, ""), topicsOf(told)) === undefined ? undefined : topicOf(told);
}

const [stopped, loaded, other] = [event("stop_process"), event("load"), event("stop_process", "shop.web", 8)];

test("each path hears what it names, under the topic that matched", () => {
  type Topic = string | undefined;
  const cases: [path: string, stopped: Topic, loaded: Topic, other: Topic][] = [
    ["/watch", "stop_pid", "create", "stop_pid"],
    ["/watch/.", "stop_pid", "create", "stop_pid"],
    ["/watch/stop_pid", "stop_pid", undefined, "stop_pid"],
    ["/watch/stop_process", "stop_process", undefined, "stop_process"],
    ["/watch/Create", undefined, "create", undefined],
    ["/watch/proc", "proc.web.stop_pid", "proc.web.create", "proc.shop:web.stop_pid"],
    ["/watch/job", "job.default.web.stop_process", "job.default.web.load", "job.shop.web.stop_process"],
    ["/watch/proc/web", "proc.web.stop_pid", "proc.web.create", undefined],
    ["/watch/proc/web/stop_pid", "proc.web.stop_pid", undefined, undefined],
    ["/watch/proc/default.web/STOP_PID", "proc.default.web.stop_pid", undefined, undefined],
    ["/watch/proc/shop:web", undefined, undefined, "proc.shop:web.stop_pid"],
    ["/watch/proc/shop/web", undefined, undefined, "proc.shop.web.stop_pid"],
    ["/watch/job/web/stop_process", "job.web.stop_process", undefined, undefined],
    ["/watch/proc/7", "proc.7.stop_pid", "proc.7.create", undefined],
    ["/watch/proc/8/stop_pid", undefined, undefined, "proc.8.stop_pid"],
    ["/watch/stop_pid/web", "proc.web.stop_pid", undefined, undefined],
    ["/watch/stop_pid/shop/web", undefined, undefined, "proc.shop.web.stop_pid"],
    ["/watch/create/7", undefined, "proc.7.create", undefined],
  ];
  for (const [path, ...topics] of cases) {
    expect([path, ...[stopped, loaded, other].map((told) => heard(path, told))]).toEqual([path, ...topics]);
  }
});

test("every kind of event can be watched, by itself and of a job", () => {
  for (const kind of EVENT_KINDS) {
    expect(heard(`/watch/${kind}`, event(kind))).toBe(kind);
    expect(heard(`/watch/proc/web/${kind}`, event(kind))).toBe(`proc.web.${kind}`);
  }
});

test("a job that is called like an event is found by its full name", () => {
  const told = event("exit", "shop.spawn");
  expect(heard("/watch/proc/shop:spawn", told)).toBe("proc.shop:spawn.exit");
  expect(heard("/watch/proc/shop:spawn/exit", told)).toBe("proc.shop:spawn.exit");
});

test("what names no event, no job and no process is refused", () => {
  for (const path of ["/watch/nope", "/watch/proc/a b", "/watch/proc/a/b c", "/watch/exit/a/b/c", "/watch/job/12"]) {
    const error = thrownBy(() => readWatchPattern(path.split("/").slice(2)));
    expect([path, error.code]).toEqual([path, "bad_topic"]);
    expect(error.message).toStartWith(`Cannot watch ${path.slice("/watch".length)}: `);
  }
});
