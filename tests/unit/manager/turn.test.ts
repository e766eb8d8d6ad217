import { describe, expect, test } from "bun:test";
import { Turn } from "../../../src/manager/turn.ts";

describe("Turn", () => {
  test("works on an input that arrives within a command after it, and tells when all is done", () => {
    const heard: string[] = [];
    const turn = new Turn(() => undefined);
    const result = turn.run(() => {
      turn.tell(() => heard.push("told"));
      turn.input(() => heard.push("input"));
      heard.push("command");
      return 7;
    });
    expect([result, heard]).toEqual([7, ["command", "input", "told"]]);
  });

  test("carries out a command from inside a message at once, and tells of it after that message", () => {
    const heard: string[] = [];
    const turn = new Turn(() => undefined);
    turn.run(() => {
      turn.tell(() => {
        turn.run(() => {
          heard.push("second command");
          turn.tell(() => heard.push("told of the second"));
        });
        heard.push("told of the first");
      });
      turn.tell(() => heard.push("told again"));
    });
    expect(heard).toEqual(["second command", "told of the first", "told again", "told of the second"]);
  });

  test("reports what an input throws, and goes on with the next", () => {
    const errors: unknown[] = [];
    const heard: string[] = [];
    const turn = new Turn((error) => errors.push(error));
    const fault = new Error("input");
    turn.run(() => {
      turn.input(() => {
        throw fault;
      });
      turn.input(() => heard.push("next"));
    });
    expect([errors, heard]).toEqual([[fault], ["next"]]);
  });

  test("goes on after an error that its owner would not take, and does nothing twice", () => {
    const heard: string[] = [];
    const turn = new Turn(() => {
      throw new Error("owner");
    });
    const command = (): void =>
      turn.run(() => {
        turn.tell(() => heard.push("first"));
        turn.tell(() => {
          throw new Error("message");
        });
        turn.tell(() => heard.push("last"));
      });
    expect(command).toThrow("owner");
    turn.run(() => turn.tell(() => heard.push("next")));
    expect(heard).toEqual(["first", "last", "next"]);
  });

  test("throws what a command throws to its caller, and works on", () => {
    const turn = new Turn(() => undefined);
    expect(() =>
      turn.run(() => {
        throw new Error("command");
      }),
    ).toThrow("command");
    expect(turn.run(() => "next")).toBe("next");
  });
});
