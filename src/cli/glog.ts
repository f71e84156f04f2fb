import { oneLine } from "../util/escape.js";
import type { Log, LogSeverity } from "../util/log.js";

const letters: Readonly<Record<LogSeverity, string>> = { info: "I", warning: "W", error: "E" };

/**
 * A log in the form of Caffe's glog: `I1122 20:05:24.011828 24348 solver.cpp:289] Solving LeNet`. The fields are severity
 * with month and day, time with microseconds, process id, and the place in Caffe's source that logs the same message.
 * Programs that parse Caffe's logs can parse this one.
 */
export function glog(write: (text: string) => void): Log {
  return (severity, origin, message) => {
    // A net or solver as text has its names in quotes, escaped; in all else a line end is one of a name.
    const text = message.startsWith("Initializing ") ? message.trimEnd() : oneLine(message.replace(/\n$/, ""));
    write(`${letters[severity]}${stamp()} ${process.pid} ${origin}] ${text}\n`);
  };
}

function stamp(): string {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  const now = new Date(micros / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const fraction = String(micros % 1_000_000).padStart(6, "0");
  const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}.${fraction}`;
  return `${two(now.getMonth() + 1)}${two(now.getDate())} ${time}`;
}
