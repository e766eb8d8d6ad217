import { describe, expect, test } from "bun:test";
import { parseWebhookSecret } from "../../../src/base/webhook-secret.ts";
import { thrownBy } from "../../support/thrown-by.ts";

describe("parseWebhookSecret", () => {
  test("takes the bytes behind whsec_, with or without padding, blanks around it ignored", () => {
    const bytes = Uint8Array.from({ length: 25 }, (_, at) => at * 7);
    const encoded = Buffer.from(bytes).toString("base64");
    expect(encoded).toEndWith("==");
    for (const text of [`whsec_${encoded}`, `whsec_${encoded.replaceAll("=", "")}`, ` whsec_${encoded}\r\n`]) {
      expect([...parseWebhookSecret(text)]).toEqual([...bytes]);
    }
  });

  test("takes any other text as it is", () => {
    expect(parseWebhookSecret("pássword\n")).toEqual(new TextEncoder().encode("pássword"));
  });

  test.each([
    ["", "it is empty"],
    [" \n", "it is empty"],
    ["whsec_", "what follows whsec_ is not base64"],
    ["whsec_not base64", "what follows whsec_ is not base64"],
    ["whsec_c2hvcnQ=", "what follows whsec_ is 5 bytes: it takes 24 to 64"],
    [`whsec_${Buffer.alloc(65).toString("base64")}`, "what follows whsec_ is 65 bytes: it takes 24 to 64"],
  ])("refuses %j", (text, fact) => {
    const error = thrownBy(() => parseWebhookSecret(text));
    expect(error).toMatchObject({ code: "bad_request", message: `Cannot use the webhook secret: ${fact}` });
  });
});
