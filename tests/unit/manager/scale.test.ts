import { describe, expect, test } from "bun:test";
import { applyScale } from "../../../src/manager/scale.ts";
import { thrownBy } from "../../support/thrown-by.ts";

describe("applyScale()", () => {
  test("reads a number and a bare text as more, and the operators as they are", () => {
    let count = 1;
    const steps = [1, -1, "+4", "-1", "=1", "3", " + 2 "].map((by) => (count = applyScale(count, by).numprocesses));
    expect(steps).toEqual([2, 1, 5, 4, 1, 4, 6]);
  });

  test("stops at 0 and says so", () => {
    expect(applyScale(2, -7)).toEqual({ numprocesses: 0, clamped: true });
    expect(applyScale(2, "-2")).toEqual({ numprocesses: 0, clamped: false });
  });

  test("refuses what is no operation", () => {
    for (const bad of ["", "x", "*2", "1.5", 1.5, Number.NaN, Infinity, "=-1", "++1"])
      expect(thrownBy(() => applyScale(1, bad)).code).toBe("bad_operation");
  });

  test("refuses more processes than a machine has numbers for", () => {
    expect(thrownBy(() => applyScale(1, "=40000")).message).toBe("Cannot scale to 40000: 32768 processes are the most");
  });
});
