import { expect, test } from "bun:test";
import { ownCgroup } from "../../../src/host/cgroup-mount.ts";

const pure = `23 28 0:21 / /proc rw,nosuid - proc proc rw
35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate
`;
const hybrid = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
34 31 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;
const subtree = (root: string, point = "/sys/fs/cgroup"): string =>
  `731 720 0:26 ${root} ${point} ro,nosuid - cgroup2 cgroup rw\n`;

test.each<[what: string, mountinfo: string, cgroup: string, own: string | undefined]>([
  ["version 2 alone", pure, "0::/user.slice/user-1000.slice\n", "/sys/fs/cgroup/user.slice/user-1000.slice"],
  ["version 2 alone, at its root", pure, "0::/\n", "/sys/fs/cgroup/"],
  ["a hybrid", hybrid, "9:name=systemd:/x\n4:memory:/y\n0::/z\n", "/sys/fs/cgroup/unified/z"],
  ["a container that sees its subtree", subtree("/docker/abc"), "0::/docker/abc/inner\n", "/sys/fs/cgroup/inner"],
  ["a container at the root of its subtree", subtree("/docker/abc"), "0::/docker/abc\n", "/sys/fs/cgroup"],
  ["a subtree whose name only begins like ours", subtree("/docker/abc"), "0::/docker/abcd\n", undefined],
  ["a subtree we are not in", subtree("/docker/abc"), "0::/\n", undefined],
  ["the second of two mounts", subtree("/other", "/one") + subtree("/", "/two"), "0::/own\n", "/two/own"],
  ["a mount from outside our namespace", subtree("/.."), "0::/own\n", undefined],
  ["a place outside our namespace", pure, "0::/../own\n", undefined],
  ["a mount point with a space", subtree("/", "/a\\040b"), "0::/own\n", "/a b/own"],
  ["version 1 alone", "34 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n", "4:memory:/y\n", undefined],
  ["version 2 that is not mounted", "23 28 0:21 / /proc rw - proc proc rw\n", "0::/\n", undefined],
  ["nothing", "", "", undefined],
])("finds our control group: %s", (...[, mountinfo, cgroup, own]) => {
  expect(ownCgroup(mountinfo, cgroup)).toBe(own);
});
