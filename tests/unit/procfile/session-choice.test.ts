import { describe, expect, test } from "bun:test";
import { chooseSession, ownSession } from "../../../src/procfile/session-choice.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const none = { procfile: undefined, directory: undefined, root: undefined, env: [] };

describe("ownSession()", () => {
  test.each<[string, object, string]>([
    ["/srv/shop", {}, "shop"],
    ["/srv/my shop!", {}, "my-shop-"],
    ["/srv/-shop", {}, "shop"],
    ["/srv/2026", {}, "_2026"],
    ["/srv/été", {}, "t-"],
    ["/", {}, "default"],
    ["/srv", { directory: "shop" }, "shop"],
    ["/srv", { root: "shop/" }, "shop"],
    ["/srv/a/b", { directory: ".." }, "a"],
    ["/srv", { procfile: "shop/Procfile" }, "shop"],
    ["/srv", { procfile: "Procfile.dev" }, "srv"],
    ["/srv", { procfile: "other/Procfile", directory: "shop" }, "shop"],
  ])("in %s with %j it is %s", (cwd, choice, session) => {
    expect(ownSession({ ...none, ...choice }, { cwd })).toBe(session);
  });
});

describe("chooseSession()", () => {
  test("a word is the name, a dot and none are the project here", () => {
    using dir = new TempDir({ "shop/Procfile": "web: x\n" });
    const cwd = dir.file("shop");
    expect(chooseSession("other", none, { cwd: "/nowhere" })).toBe("other");
    for (const word of [".", undefined]) {
      expect(chooseSession(word, none, { cwd })).toBe("shop");
      expect(chooseSession(word, { ...none, directory: "shop" }, { cwd: dir.path })).toBe("shop");
      expect(chooseSession(word, { ...none, procfile: "shop/Procfile" }, { cwd: dir.path })).toBe("shop");
    }
  });

  test("outside of a project it says where it looked", () => {
    using dir = new TempDir();
    for (const choice of [none, { ...none, directory: dir.path }, { ...none, procfile: "Procfile.dev" }]) {
      const { code, message } = thrownBy(() => chooseSession(undefined, choice, { cwd: dir.path }));
      expect([code, message]).toEqual(["procfile_missing", expect.stringContaining("name the application")]);
    }
  });

  test.each(["a b", "", "12", "-x", "a.b", "../x"])("%j can be no application", (word) => {
    expect(thrownBy(() => chooseSession(word, none, { cwd: "/" })).code).toBe("usage");
  });
});
