import { expect, test } from "bun:test";
import {
  authRequired,
  type ChannelFault,
  commandError,
  commandSuccess,
  invalidMessage,
  readChannelReply,
  subscriptionError,
  subscriptionSuccess,
  topicEvent,
} from "../../../src/wire/channel-reply.ts";

const fault: ChannelFault = {
  error: "not_found",
  errno: 404,
  reason: "not_found",
  message: "no",
  code: "job_not_found",
};

test("replies have the shapes of gaffer 0.5, and more", () => {
  expect(JSON.parse(subscriptionSuccess("EVENTS"))).toEqual({ event: "gaffer:subscription_success", topic: "EVENTS" });
  expect(JSON.parse(subscriptionError("JOB:x", fault))).toEqual({
    event: "gaffer:subscription_error",
    topic: "JOB:x",
    data: { topic: "JOB:x", ...fault },
  });
  expect(JSON.parse(commandSuccess("1", { ok: true }))).toEqual({
    event: "gaffer:command_success",
    data: { id: "1", result: { ok: true } },
  });
  expect(JSON.parse(commandError(2, fault))).toEqual({ event: "gaffer:command_error", data: { id: 2, error: fault } });
  expect(JSON.parse(invalidMessage("data_missing"))).toEqual({
    event: "gaffer:error",
    data: { error: "invalid_msg", reason: "data_missing" },
  });
  expect(JSON.parse(authRequired("no key"))).toEqual({
    event: "gaffer:error",
    data: { error: "AUTH_REQUIRED", reason: '{"error":"AUTH_REQUIRED","errno":403}', message: "no key" },
  });
});

test("topicEvent() merges a payload that was made once", () => {
  expect(JSON.parse(topicEvent('JOB:a."b', '{"event":"start","name":"a.b"}'))).toEqual({
    event: "gaffer:event",
    data: { topic: 'JOB:a."b', event: "start", name: "a.b" },
  });
  expect(JSON.parse(topicEvent("X", "{}"))).toEqual({ event: "gaffer:event", data: { topic: "X" } });
});

test("readChannelReply() reads what the others make", () => {
  expect([
    readChannelReply(subscriptionSuccess("A")),
    readChannelReply(subscriptionError("A", fault)),
    readChannelReply(commandSuccess(1, [])),
    readChannelReply(commandError("1", fault)),
    readChannelReply(topicEvent("A", '{"event":"exit"}')),
    readChannelReply(invalidMessage("unknown_cmd", "7")),
    readChannelReply('{"event":"gaffer:of_tomorrow"}'),
    readChannelReply("1"),
  ]).toEqual([
    { kind: "subscribed", topic: "A" },
    { kind: "refused", topic: "A", fault: { topic: "A", ...fault } },
    { kind: "result", id: 1, result: [] },
    { kind: "failure", id: "1", error: { ...fault } },
    { kind: "event", topic: "A", data: { topic: "A", event: "exit" } },
    { kind: "error", data: { error: "invalid_msg", reason: "unknown_cmd", id: "7" } },
    undefined,
    undefined,
  ]);
});
