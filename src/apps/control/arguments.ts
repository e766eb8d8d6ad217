import {
  type TInteger,
  type TObject,
  type TProperties,
  type TRecord,
  type TString,
  type TUnion,
  type TUnknown,
  Type,
} from "@sinclair/typebox";

/** An object with these fields and no others. */
export const fields = <Properties extends TProperties>(properties: Properties): TObject<Properties> =>
  Type.Object(properties, { additionalProperties: false });

/** Name of a job: `job` or `session.job`. */
export const jobName: TString = Type.String({ description: "it must be the name of a job" });
/** Name of a session. */
export const sessionName: TString = Type.String({ description: "it must be the name of a session" });
/** gaffer's number of a process. */
export const processId: TInteger = Type.Integer({ minimum: 1, description: "it must be the number of a process" });
/** A signal by name or number. */
export const signal: TUnion<[TString, TInteger]> = Type.Union([Type.String(), Type.Integer()], {
  description: 'it must be a signal, such as "TERM", "SIGHUP" or 15',
});
/** Variables by name. */
export const variables: TRecord<TString, TString> = Type.Record(Type.String(), Type.String(), {
  description: "it must be an object of texts",
});
const settings = { description: "it must be the settings of a job, an object" };
/** The settings of a job. */
export const jobObject: TRecord<TString, TUnknown> = Type.Record(Type.String(), Type.Unknown(), {
  ...settings,
  $id: "Job",
});
/** The settings of a job that is named otherwise. */
export const namedJobObject: TRecord<TString, TUnknown> = Type.Record(Type.String(), Type.Unknown(), {
  ...settings,
  $id: "JobSettings",
});
