import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

let own: string | undefined;

/** A name for this process in the names of files: no other process that runs now has it, on any machine. */
export function processMark(): string {
  own ??= `${machine()}-${process.pid}`;
  return own;
}

/** Whether a mark is of a process of this machine that has ended. It is false if that cannot be known. */
export function hasEnded(mark: string): boolean {
  const pid = pidOf(mark);
  return pid !== undefined && !isAlive(pid);
}

/** Whether a mark is of a process of this machine. */
export function isOfThisMachine(mark: string): boolean {
  return pidOf(mark) !== undefined;
}

/** The process of a mark; undefined if the mark is none, or of another machine. */
function pidOf(mark: string): number | undefined {
  const prefix = `${machine()}-`;
  const pid = mark.startsWith(prefix) ? Number(mark.slice(prefix.length)) : 0;
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

/** Signal 0 is not sent. An error other than "no such process" is about a process that is there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

let knownMachine: string | undefined;

/**
 * The set of processes in which a process id means one process: on Linux a boot and a namespace of ids, so that a container
 * never takes the process of another for one that has ended; elsewhere the host.
 */
function machine(): string {
  knownMachine ??= findMachine();
  return knownMachine;
}

function findMachine(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
    const space = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "";
    return `${boot}.${space}`;
  } catch {
    return hostname().replaceAll(/[^\w.]/g, "_");
  }
}
