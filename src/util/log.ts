/**
 * The source line of a message in Caffe's own logs, for example `solver.cpp:239`: programs that read
 * Caffe's logs use it.
 */
export type LogOrigin = string;

export type LogSeverity = "info" | "warning" | "error";

/** Receives what Caffe would log. The library itself prints nothing; its caller decides. */
export type Log = (severity: LogSeverity, origin: LogOrigin, message: string) => void;

export const silent: Log = () => {};
