import { describe, expect, test } from "bun:test";
import { loggedUrl, shownUrl } from "../../../src/base/shown-url.ts";
import { parseWebhookUrl } from "../../../src/base/webhook-url.ts";
import { thrownBy } from "../../support/thrown-by.ts";

describe("parseWebhookUrl", () => {
  test.each([
    ["http://ops.example", "http://ops.example/"],
    ["HTTPS://Ops.Example:8443/Hook?k=V#part", "https://ops.example:8443/Hook?k=V"],
    ["http://u:p@[::1]:80/x", "http://u:p@[::1]/x"],
  ])("takes %s", (text, url) => {
    expect(parseWebhookUrl(text)).toBe(url);
  });

  test.each([
    ["", '"": it is no URL, such as https://ops.example/hook'],
    ["ops.example/hook", '"ops.example/hook": it is no URL, such as https://ops.example/hook'],
    ["ftp://u:secret@ops.example/x?t=1", '"ftp://***@ops.example/x?***": it must begin with http:// or https://'],
    [
      "http://u:sec/ret@ops.example:x/y",
      '"http://***@ops.example:x/y": it is no URL, such as https://ops.example/hook',
    ],
    ["file:///etc/passwd", '"file:///etc/passwd": it must begin with http:// or https://'],
  ])("refuses %j, and hides what may be a password", (text, rest) => {
    const error = thrownBy(() => parseWebhookUrl(text));
    expect(error).toMatchObject({ code: "bad_request", message: `Cannot use webhook URL ${rest}` });
  });
});

describe("shownUrl and loggedUrl", () => {
  test.each([
    ["http://ops.example/", "http://ops.example/", "http://ops.example"],
    ["https://user@ops.example:8443/a/b", "https://***@ops.example:8443/a/b", "https://ops.example:8443/..."],
    ["https://:pw@ops.example/?token=s3", "https://***@ops.example/?***", "https://ops.example"],
    ["https://hooks.example/T0/B0/s3cret?x", "https://hooks.example/T0/B0/s3cret?***", "https://hooks.example/..."],
  ])("of %s", (url, shown, logged) => {
    expect([shownUrl(url), loggedUrl(url)]).toEqual([shown, logged]);
  });
});
