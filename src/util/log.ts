/**
 * Where a message comes from in the reference's own logs, as `solver.cpp:239`: programs that read
 * Caffe's logs look at it.
 */
export type LogOrigin = string;

export type LogSeverity = "info" | "warning" | "error";

/** Takes what Caffe would log. The library itself prints nothing: who calls it decides. */
export type Log = (severity: LogSeverity, origin: LogOrigin, message: string) => void;

export const silent: Log = () => {};
