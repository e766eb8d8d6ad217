import { expect, test } from "bun:test";
import { legacyName, legacyNames } from "../../../../../src/apps/http-api/legacy/legacy-name.ts";

test("a job of the default session has its bare name, any other group:job", () => {
  expect(legacyName("default.web")).toBe("web");
  expect(legacyName("shop.web")).toBe("shop:web");
  expect(legacyNames(["default.a", "default.default", "b.default"])).toEqual(["a", "default", "b:default"]);
});

test("of what is no list of texts nothing is left", () => {
  expect(legacyNames(undefined)).toEqual([]);
  expect(legacyNames(["a.b", 1, null])).toEqual(["a:b"]);
});
