/** Numbers of the resource limits by name. @see getrlimit(2), Linux `asm-generic/resource.h` */
export const LIMIT_NUMBERS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    cpu: 0,
    fsize: 1,
    data: 2,
    stack: 3,
    core: 4,
    rss: 5,
    nproc: 6,
    nofile: 7,
    memlock: 8,
    as: 9,
    locks: 10,
    sigpending: 11,
    msgqueue: 12,
    nice: 13,
    rtprio: 14,
    rttime: 15,
  }),
);

/** `nofile` of `nofile`, `NOFILE` and `RLIMIT_NOFILE`. */
export function plainLimitName(name: string): string {
  return name.toLowerCase().replace(/^rlimit_/, "");
}
