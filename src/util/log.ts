/** How grave a line of the log is. */
export type LogSeverity = "info" | "warning" | "error";

/**
 * Receives what Caffe would log. The library itself prints nothing; its caller decides. `origin` is the source line of
 * the message in Caffe's own logs, for example `solver.cpp:239`: programs that read Caffe's logs use it.
 */
export type Log = (severity: LogSeverity, origin: string, message: string) => void;

export const silent: Log = () => {};
