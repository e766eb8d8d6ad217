/** What one process uses now, as the machine tells it. */
export interface Usage {
  readonly osPid: number;
  /** Part of one processor, in percent. */
  readonly cpuPercent: number;
  /** Resident memory. */
  readonly memoryBytes: number;
  /** Address space. */
  readonly virtualBytes: number;
  /** Processor time used so far. */
  readonly cpuTimeMs: number;
  readonly username: string;
  readonly nice: number;
  /** Name of the program, as its first argument gives it. */
  readonly commandLine: string;
}

/** The same with each of its descendants. */
export interface TreeUsage extends Usage {
  readonly children: readonly Usage[];
}

/** What a process uses, under the names of gaffer 0.4 and 0.5. */
export interface UsageBody {
  /** Resident memory for people: `5M`. */
  readonly mem_info1: string;
  /** Address space for people. */
  readonly mem_info2: string;
  /** Part of one processor, in percent. */
  readonly cpu: number;
  /** Part of the machine's memory, in percent with one decimal. */
  readonly mem: number;
  /** Processor time: `minutes:seconds.hundredths`. */
  readonly ctime: string;
  /** Resident memory in bytes. */
  readonly rss: number;
  readonly os_pid: number;
  readonly username: string;
  readonly nice: number;
  readonly cmdline: string;
}

/** What a descendant uses, which has no number of gaffer's. */
export interface ChildStatsBody extends UsageBody {
  /** The kernel's number of it, under the name of gaffer 0.4. */
  readonly pid: number;
}

/** What a process of gaffer uses, its descendants with it. */
export interface ProcessStatsBody extends UsageBody {
  /** gaffer's number of it. */
  readonly pid: number;
  readonly children: readonly ChildStatsBody[];
}

/** What the processes of a job use, each and together. */
export interface JobStatsBody {
  readonly name: string;
  readonly stats: readonly ProcessStatsBody[];
  readonly mem: number;
  readonly max_mem: number;
  readonly min_mem: number;
  readonly cpu: number;
  readonly max_cpu: number;
  readonly min_cpu: number;
}

const UNITS = "BKMGTPEZY";

/** `5M` for 5 300 000: whole numbers of 1024, cut off. */
export function humanBytes(bytes: number): string {
  let [rest, unit] = [bytes, 0];
  while (rest >= 1024 && unit < UNITS.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${Math.floor(rest)}${UNITS.charAt(unit)}`;
}

const pad = (value: number): string => String(value).padStart(2, "0");

/** `1:02.50` for 62.5 seconds; minutes go on beyond 60. */
export function cpuTime(ms: number): string {
  const hundredths = Math.floor(ms / 10);
  const seconds = Math.floor(hundredths / 100) % 60;
  return `${Math.floor(hundredths / 6000)}:${pad(seconds)}.${pad(hundredths % 100)}`;
}

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** @param totalBytes - memory of the machine. */
export function usageBody(usage: Usage, totalBytes: number): UsageBody {
  return {
    mem_info1: humanBytes(usage.memoryBytes),
    mem_info2: humanBytes(usage.virtualBytes),
    cpu: tenths(usage.cpuPercent),
    mem: tenths((usage.memoryBytes / totalBytes) * 100),
    ctime: cpuTime(usage.cpuTimeMs),
    rss: usage.memoryBytes,
    os_pid: usage.osPid,
    username: usage.username,
    nice: usage.nice,
    cmdline: usage.commandLine,
  };
}

/** @param pid - gaffer's number of it; @param totalBytes - memory of the machine. */
export function processStatsBody(pid: number, usage: TreeUsage, totalBytes: number): ProcessStatsBody {
  const children = usage.children.map((child) => ({ pid: child.osPid, ...usageBody(child, totalBytes) }));
  return { pid, ...usageBody(usage, totalBytes), children };
}

const sum = (values: readonly number[]): number => tenths(values.reduce((total, value) => total + value, 0));
const most = (values: readonly number[]): number => Math.max(0, ...values);
const least = (values: readonly number[]): number => (values.length === 0 ? 0 : Math.min(...values));

/** Sum, most and least of what the processes of a job use; all 0 when none runs. */
export function jobStatsBody(name: string, stats: readonly ProcessStatsBody[]): JobStatsBody {
  const [mem, cpu] = [stats.map((one) => one.mem), stats.map((one) => one.cpu)];
  return {
    name,
    stats,
    mem: sum(mem),
    max_mem: most(mem),
    min_mem: least(mem),
    cpu: sum(cpu),
    max_cpu: most(cpu),
    min_cpu: least(cpu),
  };
}
