import { describe, expect, test } from "bun:test";
import { parseWebhookSecret } from "../../../src/base/webhook-secret.ts";
import { webhookHeaders } from "../../../src/wire/webhook-request.ts";

const about = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1614265330, attempt: 1, missed: 0 };

describe("webhookHeaders", () => {
  test("are those of the convention, by a signature that Python's hmac made", () => {
    const key = parseWebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    expect(webhookHeaders(about, '{"test": 2432232314}', key)).toEqual({
      "content-type": "application/json",
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
      "gaffer-attempt": "1",
    });
  });

  test("hold no signature without a key, and tell what was missed", () => {
    expect(webhookHeaders({ ...about, attempt: 3, missed: 12 }, "{}")).toEqual({
      "content-type": "application/json",
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "gaffer-attempt": "3",
      "gaffer-missed": "12",
    });
  });

  test("sign the body as UTF-8", () => {
    const key = new TextEncoder().encode("pássword");
    expect(webhookHeaders(about, '"ü"', key)["webhook-signature"]).toBe(
      "v1,uL+EzicVmC+T+KZ3OmPfnTQceJJUxbuOyn0/8zg/eS8=",
    );
  });
});
