/** A topic taken apart: `STATS:default.web` is source `STATS` and target `default.web`. */
export interface Topic {
  /** In capitals. */
  readonly source: string;
  /** As it was given: names keep their case. Empty without a colon. */
  readonly target: string;
}

/** Reads a topic; what its source may be is for those who know the sources. */
export function parseTopic(topic: string): Topic {
  const cut = topic.indexOf(":");
  if (cut === -1) return { source: topic.toUpperCase(), target: "" };
  return { source: topic.slice(0, cut).toUpperCase(), target: topic.slice(cut + 1) };
}
