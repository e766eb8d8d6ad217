import { expect, test } from "bun:test";
import { systemdUnit } from "../../../src/daemon/systemd-unit.ts";

const line = (args: readonly string[]): string | undefined =>
  /^ExecStart=(.*)$/m.exec(systemdUnit({ program: "/usr/bin/gaffer", args, cwd: "/srv/a%b" }))?.[1];

test("systemdUnit() quotes what systemd would read otherwise", () => {
  expect(line(["-c", "/etc/gaffer.ini"])).toBe("/usr/bin/gaffer daemon -c /etc/gaffer.ini");
  expect(line(["a b", "100%", "$HOME", 'q"\\', "", "x;y", "a\nb"])).toBe(
    '/usr/bin/gaffer daemon "a b" 100%% $$HOME "q\\"\\\\" "" "x;y" "a\\nb"',
  );
});

test("systemdUnit() runs it where relative paths are meant, told of as ready by itself", () => {
  const unit = systemdUnit({ program: "/usr/bin/gaffer", args: [], cwd: "/srv/a%b" });
  expect(unit).toContain("WorkingDirectory=/srv/a%%b\n");
  expect(unit).toContain("Type=notify\n");
  expect(unit).toContain("ExecReload=/bin/kill -HUP $MAINPID\n");
});
