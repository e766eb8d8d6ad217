import { expect, test } from "bun:test";
import { Procfile } from "../../../src/config/procfile.ts";
import { checkVariables } from "../../../src/procfile/variable-check.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const sources = { env: { FROM_FILE: "1" }, user: { HOME: "/root", BUN_X: "1", UNSET: undefined } };

const check = (text: string): void => {
  const procfile = Procfile.parse(text);
  checkVariables(procfile, procfile.names(), sources);
};

test.each([
  "p: x $HOME ${FROM_FILE} $PORT $PS $GAFFER_JOB $GAFFER_PROCESS_ID\n",
  "p: x '$NO' \\$NO $$NO $1 $\n",
  "p: echo $NO | cat\n",
  "p: echo ${NO:-none}\n",
])("checkVariables() takes %j", (text) => {
  expect(() => check(text)).not.toThrow();
});

test("checkVariables() names every job that needs a name without value, by place", () => {
  const wayOut = "or write ${NO:-} for nothing";
  expect(thrownBy(() => check("ok: x\np: x $NO $NO\nq: $BUN_X\nr: x a$UNSET\n"))).toEqual({
    code: "procfile_invalid",
    message: [
      "Cannot use the Procfile: 3 problems",
      `Procfile:2:1: the command of job "p" needs $NO, which has no value: set it in .env or with -e NO=…, ${wayOut}`,
      'Procfile:3:1: the command of job "q" needs $BUN_X, which has no value: set it in .env or with -e BUN_X=…, or write ${BUN_X:-} for nothing',
      'Procfile:4:1: the command of job "r" needs $UNSET, which has no value: set it in .env or with -e UNSET=…, or write ${UNSET:-} for nothing',
    ].join("\n  "),
  });
});

test("checkVariables() looks at the jobs that are meant, and no others", () => {
  expect(() => checkVariables(Procfile.parse("p: x $NO\nq: y\n"), ["q"], sources)).not.toThrow();
});
