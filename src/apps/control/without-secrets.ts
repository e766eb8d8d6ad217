/**
 * A job's config or a process as who may not manage it sees it: the values of its variables are `***`.
 *
 * @param isManager - it may be seen whole.
 */
export function withoutSecrets(
  body: Readonly<Record<string, unknown>>,
  isManager: boolean,
): Readonly<Record<string, unknown>> {
  const { env } = body;
  if (isManager || typeof env !== "object" || env === null) return body;
  return { ...body, env: Object.fromEntries(Object.keys(env).map((name) => [name, "***"])) };
}
