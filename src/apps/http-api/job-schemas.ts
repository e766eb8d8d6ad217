import type { JsonSchema } from "../../base/field-kind.ts";
import { jobSchema } from "../../manager/job-schema.ts";

const whole = jobSchema();
const { properties, type } = whole;

/**
 * What is read by the fields of a job, which check more than a schema can and tell of every problem at once: the API's document says of
 * them what they say of themselves, in place of the object that the schema of a command only asks for.
 */
export const JOB_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Job: whole,
  JobSettings: { ...whole, description: "A job whose name is in the path already", required: ["cmd"] },
  JobConfig: { type, description: "All settings of a job; null = unset", required: ["name", "cmd"], properties },
};
