/** In words what keeps a log file from being written, by the system's name of the error. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EAGAIN: "its reader does not keep up",
  EDQUOT: "disk quota exceeded",
  EFBIG: "file too large",
  EIO: "input/output error",
  EISDIR: "it is a directory",
  EMFILE: "too many open files",
  ENAMETOOLONG: "its name is too long",
  ENFILE: "too many open files in the system",
  ENOENT: "its folder does not exist",
  ENOSPC: "no space left on device",
  ENOTDIR: "its folder is no directory",
  ENXIO: "nobody reads it",
  EPERM: "permission denied",
  EPIPE: "nobody reads it",
  EROFS: "the file system is read-only",
};

/** What keeps a log file from being written: `no space left on device`; an error unknown here by its own name. */
export function logProblem(code: string): string {
  return reasons[code] ?? code;
}

/**
 * The system's name of an error, `ENOSPC`.
 *
 * @throws `error` itself when it is no system error: that is a fault of ours.
 */
export function systemCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  throw error;
}
