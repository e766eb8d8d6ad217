import { expect, test } from "bun:test";
import { JOB_FIELDS } from "../../../src/manager/job-fields.ts";
import type { JobRequest } from "../../../src/wire/job-request.ts";

/** Its names, which the compiler compares with the type's. */
const names: Readonly<Record<keyof JobRequest, true>> = {
  name: true,
  cmd: true,
  args: true,
  env: true,
  os_env: true,
  cwd: true,
  uid: true,
  gid: true,
  shell: true,
  numprocesses: true,
  port: true,
  start: true,
  priority: true,
  graceful_timeout: true,
  stop_signal: true,
  restart: true,
  flapping: true,
  redirect_output: true,
  redirect_input: true,
  logfile: true,
  stderr_logfile: true,
  logfile_maxbytes: true,
  logfile_backups: true,
  sockets: true,
  custom_streams: true,
  detach: true,
  rlimits: true,
};

test("JobRequest knows every field of a job, and no other", () => {
  expect(Object.keys(names).toSorted()).toEqual(JOB_FIELDS.map(({ name }) => name).toSorted());
});
