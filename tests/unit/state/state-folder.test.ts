import { expect, test } from "bun:test";
import { defaultStateFolder } from "../../../src/state/state-folder.ts";

const user = (env: Readonly<Record<string, string>>) => ({ env, uid: 1000 });
const home = user({ HOME: "/home/ann" });

test("the default state folder is root's under /var/lib, anybody else's under the XDG state folder", () => {
  expect(defaultStateFolder(undefined, { env: { HOME: "/root" }, uid: 0 })).toBe("/var/lib/gaffer/default");
  expect(defaultStateFolder(undefined, home)).toBe("/home/ann/.local/state/gaffer/default");
  expect(defaultStateFolder(undefined, user({ HOME: "/home/ann", XDG_STATE_HOME: "/state" }))).toBe(
    "/state/gaffer/default",
  );
});

test("a relative XDG_STATE_HOME is ignored, as its specification says", () => {
  expect(defaultStateFolder(undefined, user({ HOME: "/home/ann", XDG_STATE_HOME: "state" }))).toBe(
    "/home/ann/.local/state/gaffer/default",
  );
});

test("the name tells the config file, and files of one name in two folders apart", () => {
  const one = defaultStateFolder("/etc/gaffer/shop.ini", home);
  const two = defaultStateFolder("/srv/shop.ini", home);
  expect(one).toMatch(/\/gaffer\/shop-[0-9a-f]{8}$/);
  expect(two).toMatch(/\/gaffer\/shop-[0-9a-f]{8}$/);
  expect(one).not.toBe(two);
  expect(defaultStateFolder("/etc/gaffer/../gaffer/shop.ini", home)).toBe(one);
  expect(defaultStateFolder("/srv/my shop/ünï.toml", home)).toMatch(/\/gaffer\/n--[0-9a-f]{8}$/);
});
