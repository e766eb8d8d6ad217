import { describe, expect, test } from "bun:test";
import { parseScaleArgument } from "../../../src/config/scale-arguments.ts";
import { thrownBy } from "../../support/thrown-by.ts";

describe("parseScaleArgument()", () => {
  test.each<[string, string, string]>([
    ["web=3", "web", "=3"],
    ["web+2", "web", "+2"],
    ["web-1", "web", "-1"],
    ["web=0", "web", "=0"],
    ["a-1=3", "a-1", "=3"],
    ["a-1-1", "a-1", "-1"],
    ["a+b-c+10", "a+b-c", "+10"],
    ["shop.web=2", "shop.web", "=2"],
    ["web-01", "web", "-01"],
    ["5-1", "5", "-1"],
  ])("%s is job %s by %s: the last operator counts", (argument, job, operation) => {
    expect(parseScaleArgument(argument, ["web", "a"])).toEqual({ job, operation });
  });

  test("a-1 is job a less one, unless a job a-1 exists: then both ways to write it are told", () => {
    expect(parseScaleArgument("a-1", ["a"])).toEqual({ job: "a", operation: "-1" });
    for (const name of ["a-1", "a+1"]) {
      const { code, message } = thrownBy(() => parseScaleArgument(name, ["a", name]));
      expect([code, message]).toEqual([
        "usage",
        `Cannot scale by "${name}": there is a job of that very name; write ${name}=N, ${name}+N or ${name}-N for it, or a=N for the other`,
      ]);
    }
    expect(parseScaleArgument("a-1=2", ["a", "a-1"])).toEqual({ job: "a-1", operation: "=2" });
  });

  test("a number alone names no job", () => {
    expect(thrownBy(() => parseScaleArgument("3", ["web"]))).toEqual({
      code: "usage",
      message: 'Cannot scale by "3": a number alone names no job; write job=3, job+2 or job-1',
    });
  });

  test.each(["", "web", "web=", "=3", "+2", "web=x", "web=1.5", "web==", "web=3 ", "web*2", "web=-"])(
    "%j is refused",
    (argument) => {
      expect(thrownBy(() => parseScaleArgument(argument, ["web"]))).toEqual({
        code: "usage",
        message: `Cannot scale by ${JSON.stringify(argument)}: write job=3, job+2 or job-1`,
      });
    },
  );
});
