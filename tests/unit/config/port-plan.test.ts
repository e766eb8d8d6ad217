import { describe, expect, test } from "bun:test";
import { chooseBase, planPorts } from "../../../src/config/port-plan.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const formation = new Map([
  ["web", 2],
  ["worker", 0],
  ["clock", 1],
]);
const never = (): boolean => false;

const isHeld = (port: number): boolean => [8000, 8001, 8200].includes(port);

describe("planPorts()", () => {
  test("begins at 5000, adds 100 a job in order and 1 a slot", () => {
    const { base, taken, portOf } = planPorts({ formation, isTaken: never });
    expect([base, taken]).toEqual([5000, undefined]);
    expect([portOf("web", 1), portOf("web", 2), portOf("clock", 1)]).toEqual([5000, 5001, 5200]);
  });

  test("keeps to the base that was chosen, taken or not", () => {
    const { base, portOf } = planPorts({ formation, base: 8000, isTaken: () => true });
    expect([base, portOf("clock", 1)]).toEqual([8000, 8200]);
  });

  test("names the first ports that are taken of the jobs that are started from a chosen base", () => {
    const jobs = new Set(["web"]);
    expect(planPorts({ formation, base: 8000, isTaken: isHeld }).busy).toEqual([8000, 8200]);
    expect(planPorts({ formation, jobs, base: 8000, isTaken: isHeld }).busy).toEqual([8000]);
    expect(planPorts({ formation, isTaken: isHeld }).busy).toEqual([]);
  });

  test.each([
    [[5000], 5100, 5000],
    [[5001, 5100], 5200, 5001],
    [[5200], 5100, 5200],
    [[5100], 5000, undefined],
    [[5002], 5000, undefined],
  ])("with %j taken begins at %p", (held, base, taken) => {
    expect(planPorts({ formation, isTaken: (port) => held.includes(port) })).toMatchObject({ base, taken });
  });

  test("asks only for the ports of the jobs that are started", () => {
    const asked: number[] = [];
    const isTaken = (port: number): boolean => asked.push(port) < 0;
    const { portOf } = planPorts({ formation, jobs: new Set(["clock"]), isTaken });
    expect(asked).toEqual([5200]);
    expect(portOf("clock", 1)).toBe(5200);
  });

  test("gives a job of more than 100 processes as many hundreds as it needs", () => {
    const wide = new Map([
      ["web", 101],
      ["exact", 100],
      ["clock", 1],
    ]);
    const { portOf } = planPorts({ formation: wide, isTaken: never });
    expect([portOf("web", 101), portOf("exact", 1), portOf("clock", 1)]).toEqual([5100, 5200, 5300]);
  });

  test("refuses a port over 65535", () => {
    expect(thrownBy(() => planPorts({ formation, base: 65_400, isTaken: never }))).toEqual({
      code: "usage",
      message:
        "Cannot use base port 65400: the last process would get PORT 65600, over 65535; give a lower base with -p, or fewer processes",
    });
    expect(planPorts({ formation, base: 65_335, isTaken: never }).portOf("clock", 1)).toBe(65_535);
  });

  test("says so when every port is taken", () => {
    expect(thrownBy(() => planPorts({ formation, isTaken: () => true }))).toEqual({
      code: "port_busy",
      message: "Cannot choose ports: none from 5000 on are free; name a base with -p",
    });
  });
});

describe("chooseBase()", () => {
  test.each<[Parameters<typeof chooseBase>, number | undefined]>([
    [[1, "2", "3"], 1],
    [[undefined, "2", "3"], 2],
    [[undefined, undefined, "3"], 3],
    [[undefined, undefined, undefined], undefined],
    [[undefined, "", undefined], undefined],
    [[undefined, undefined, "65535"], 65_535],
  ])("of flag, files and user %j is %p", (given, expected) => {
    expect(chooseBase(...given)).toBe(expected);
  });

  test.each(["0", "65536", "-1", "abc", "80 ", "1e3", "99999999"])("refuses PORT %j", (text) => {
    expect(thrownBy(() => chooseBase(undefined, text, undefined))).toEqual({
      code: "usage",
      message: `Cannot use PORT ${JSON.stringify(text)} of the env files: a port is 1 to 65535`,
    });
    expect(thrownBy(() => chooseBase(undefined, undefined, text)).message).toContain(" of the environment: ");
  });
});
