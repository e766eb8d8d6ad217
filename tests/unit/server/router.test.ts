import { describe, expect, test } from "bun:test";
import type { Method, Route } from "../../../src/server/route.ts";
import { Router } from "../../../src/server/router.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const route = (method: Method, path: string): Route => ({ method, path, handle: () => new Response(path) });
const router = new Router([
  route("GET", "/"),
  route("GET", "/pids"),
  route("GET", "/:pid#"),
  route("DELETE", "/:pid#"),
  route("GET", "/jobs/:session"),
  route("GET", "/jobs/:session/:job"),
  route("GET", "/streams/:pid#/:stream?"),
  route("POST", "/streams/:pid#/stdin"),
  route("POST", "/streams/:pid#/:stream"),
]);
const found = (method: string, path: string): unknown => {
  const { route: match, params } = router.find(method, path);
  return [match.path, { ...params }];
};

describe("Router.find()", () => {
  test("takes a path's literal and named segments", () => {
    expect(found("GET", "/")).toEqual(["/", {}]);
    expect(found("GET", "/jobs/a")).toEqual(["/jobs/:session", { session: "a" }]);
    expect(found("GET", "/jobs/a/b")).toEqual(["/jobs/:session/:job", { session: "a", job: "b" }]);
    expect(found("GET", "/jobs/a%20%C3%A9/b%2Fc")).toEqual(["/jobs/:session/:job", { session: "a é", job: "b/c" }]);
  });

  test("takes a segment of digits only where that is asked for", () => {
    expect(found("GET", "/12")).toEqual(["/:pid#", { pid: "12" }]);
    expect(found("GET", "/pids")).toEqual(["/pids", {}]);
    for (const path of ["/x1", "/1x", "/-1", "/1.0", "/%00", "/١"]) {
      expect([path, thrownBy(() => router.find("GET", path)).code]).toEqual([path, "route_not_found"]);
    }
  });

  test("an optional segment may be missing, and is then no parameter", () => {
    expect(found("GET", "/streams/1")).toEqual(["/streams/:pid#/:stream?", { pid: "1" }]);
    expect(found("GET", "/streams/1/out")).toEqual(["/streams/:pid#/:stream?", { pid: "1", stream: "out" }]);
  });

  test("takes the earlier of two that match", () => {
    expect(found("POST", "/streams/1/stdin")).toEqual(["/streams/:pid#/stdin", { pid: "1" }]);
    expect(found("POST", "/streams/1/other")).toEqual(["/streams/:pid#/:stream", { pid: "1", stream: "other" }]);
  });

  test("an empty segment is none", () => {
    for (const path of ["//", "/jobs/", "/jobs//a", "/jobs/a/", "/jobs/a/b/", "", "/streams/1/"]) {
      expect([path, thrownBy(() => router.find("GET", path)).code]).toEqual([path, "route_not_found"]);
    }
  });

  test("HEAD is answered by the route of GET", () => {
    expect(found("HEAD", "/jobs/a")).toEqual(["/jobs/:session", { session: "a" }]);
  });

  test("tells a wrong method with those there are", () => {
    expect(thrownBy(() => router.find("POST", "/12"))).toEqual({
      code: "method_not_allowed",
      message: "Cannot POST /12: it takes GET, DELETE, HEAD, OPTIONS",
    });
    expect(thrownBy(() => router.find("PATCH", "/streams/1/stdin")).message).toEndWith(
      "it takes GET, POST, HEAD, OPTIONS",
    );
  });

  test("refuses what is no URL text", () => {
    for (const path of ["/%", "/%z", "/%zz", "/%ff", "/jobs/%E0%A4%A", "/%C0%80"]) {
      expect([path, thrownBy(() => router.find("GET", path)).code]).toEqual([path, "bad_request"]);
    }
  });
});

test("Router.clashing() finds a route that could be meant by the same requests; one for all the rest gives way", () => {
  const rest = new Router([
    route("GET", "/site/:name/*"),
    route("GET", "/:pid#"),
    route("GET", "/jobs/:session/:job?"),
  ]);
  for (const [method, path, there] of [
    ["GET", "/jobs/mine", "/jobs/:session/:job?"],
    ["GET", "/jobs/a/b", "/jobs/:session/:job?"],
    ["GET", "/7", "/:pid#"],
    ["GET", "/:other#", "/:pid#"],
    ["GET", "/site/:x/*", undefined],
    ["GET", "/site/:name/*", "/site/:name/*"],
    ["GET", "/site/ui/hello", undefined],
    ["GET", "/mine", undefined],
    ["POST", "/jobs/mine", undefined],
    ["GET", "/jobs/a/b/c", undefined],
  ] as const) {
    expect([method, path, rest.clashing(route(method, path))?.path]).toEqual([method, path, there]);
  }
});

test("Router.methodsOf() lists the methods of a path, none where there is none", () => {
  expect(router.methodsOf("/12")).toEqual(["GET", "DELETE", "HEAD", "OPTIONS"]);
  expect(router.methodsOf("/nope/x/y")).toEqual([]);
});

describe("Router.add()", () => {
  test("is seen by paths that were asked for before, and by many of them", () => {
    const growing = new Router([route("GET", "/a/:b")]);
    expect(growing.methodsOf("/a/b")).toEqual(["GET", "HEAD", "OPTIONS"]);
    expect(thrownBy(() => growing.find("GET", "/c")).code).toBe("route_not_found");
    growing.add([route("POST", "/a/:b"), route("GET", "/c"), route("GET", "/a/b")]);
    expect(growing.methodsOf("/a/b")).toEqual(["GET", "POST", "HEAD", "OPTIONS"]);
    expect(growing.find("GET", "/c").route.path).toBe("/c");
    expect(growing.find("GET", "/a/b").route.path).toBe("/a/b");
    for (let count = 0; count < 1000; count++) {
      const name = `x${count % 300}`.repeat((count % 7) * 20 + 1);
      expect(growing.find("GET", `/a/${name}`).params).toEqual({ b: name });
    }
  });
});
