import { type ChildProcess, execFileSync, spawn } from "node:child_process";

/** The MPIs that the tests run with, where they are installed. */
export type MpiKind = "openmpi" | "mpich";

export const mpiKinds: readonly MpiKind[] = ["openmpi", "mpich"];

export interface MpiRun {
  /** mpirun's exit code; null if it was killed because `limit` was over. */
  readonly code: number | null;
  /** All that the ranks and mpirun wrote, in the order in which it came. */
  readonly output: string;
  /** What each rank wrote to standard output, and to the standard error. */
  readonly ranks: readonly RankOutput[];
  /** How long it ran, in seconds. */
  readonly seconds: number;
}

export interface RankOutput {
  readonly out: string;
  readonly err: string;
}

export interface MpiRunOptions {
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
  /** Options of mpirun, as `["--mca", "btl", "tcp,self"]`. */
  readonly options?: readonly string[] | undefined;
  /** A command that starts mpirun, as `["ip", "netns", "exec", NAME]`. */
  readonly within?: readonly string[] | undefined;
  /** Seconds after which all is killed. The default is 60. */
  readonly limit?: number | undefined;
}

/** Ranks that run. */
export interface RunningRanks {
  readonly launcher: ChildProcess;
  /** Resolves with the match when a rank has written a line that matches; rejects if all ended without it. */
  line(rank: number, pattern: RegExp): Promise<RegExpExecArray>;
  /** Kills the launcher and what it started on this machine. */
  kill(): void;
  readonly done: Promise<MpiRun>;
}

/** The launcher of an MPI; undefined if it is not installed. With `MOKA_REQUIRE_MPI=1` that is an error. */
export function launcherOf(kind: MpiKind): string | undefined {
  const version = kind === "openmpi" ? /Open MPI|OpenRTE/ : /HYDRA/;
  for (const program of [`mpirun.${kind}`, "mpirun", "mpiexec.hydra"]) {
    try {
      const text = execFileSync(program, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
      if (version.test(text)) return program;
    } catch {
      // The next one.
    }
  }
  if (process.env.MOKA_REQUIRE_MPI === "1") throw new Error(`MOKA_REQUIRE_MPI is set, but there is no ${kind}`);
  return undefined;
}

/**
 * Options with which a launcher says which rank wrote a line, and starts more ranks than there are cores. MPICH's kills all ranks at
 * once when one has failed, unless it is told not to: then they can say why.
 */
const launcherOptions: Readonly<Record<MpiKind, readonly string[]>> = {
  openmpi: ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--tag-output"],
  mpich: ["-prepend-rank", "-disable-auto-cleanup"],
};

/** Starts `size` ranks of a command: `[process.execPath, "script.mjs"]`. */
export function startRanks(
  kind: MpiKind,
  size: number,
  command: readonly string[],
  run: MpiRunOptions = {},
): RunningRanks {
  const program = launcherOf(kind);
  if (program === undefined) throw new Error(`no ${kind} is installed`);
  const args = [
    ...(run.within ?? []),
    program,
    ...launcherOptions[kind],
    ...(run.options ?? []),
    "-n",
    String(size),
    ...command,
  ];
  const began = performance.now();
  const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...run.env };
  const launcher = spawn(args[0] ?? program, args.slice(1), {
    env,
    cwd: run.cwd,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ranks = Array.from({ length: size }, () => ({ out: "", err: "" }));
  const listeners = new Set<() => void>();
  let [output, isOver] = ["", false];

  const read = (stream: "out" | "err") => {
    let rest = "";
    return (data: string) => {
      output += data;
      const lines = (rest + data).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [, rank, text] = /^\[(?:\d+,)?(\d+)\](?:<std(?:out|err)>:| )(.*)$/.exec(line) ?? [];
        const of = ranks[Number(rank)];
        if (of && text !== undefined) of[stream] += `${text}\n`;
      }
      for (const listener of listeners) listener();
    };
  };
  launcher.stdout.setEncoding("utf8").on("data", read("out"));
  launcher.stderr.setEncoding("utf8").on("data", read("err"));
  const kill = () => {
    if (!isOver && launcher.pid !== undefined) process.kill(-launcher.pid, "SIGKILL");
  };
  const timer = setTimeout(kill, 1000 * (run.limit ?? 60));
  const done = new Promise<MpiRun>((resolve, reject) => {
    launcher.once("error", reject);
    const end = (code: number | null) => {
      if (isOver) return;
      clearTimeout(timer);
      isOver = true;
      for (const listener of listeners) listener();
      resolve({ code, output, ranks, seconds: (performance.now() - began) / 1000 });
    };
    launcher.once("close", end);
    // Processes of the launcher that hang may keep its output open.
    launcher.once("exit", (code) => setTimeout(end, 2000, code).unref());
  });
  const line = (rank: number, pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(ranks[rank]?.out ?? "");
        if (found) resolve(found);
        else if (isOver) reject(new Error(`rank ${rank} did not write ${pattern}:\n${output}`));
        if (found || isOver) listeners.delete(look);
      };
      listeners.add(look);
      look();
    });
  return { launcher, line, kill, done };
}

/** Runs `size` ranks of a command to their end. */
export function mpirun(
  kind: MpiKind,
  size: number,
  command: readonly string[],
  run: MpiRunOptions = {},
): Promise<MpiRun> {
  return startRanks(kind, size, command, run).done;
}
