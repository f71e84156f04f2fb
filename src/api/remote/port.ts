import { MokaError } from "../../util/errors.js";

/**
 * One end of a channel of messages, in a page or in Node: a `Worker`, a `MessagePort`, or what a worker's own script has to
 * talk to those who started it.
 */
export interface Port {
  // biome-ignore lint/suspicious/noExplicitAny: pages and Node declare it in ways that nothing narrower takes.
  postMessage(message: any, transfer: any): void;
}

/** The other members that ports have, some of them. */
interface AnyPort extends Port {
  on?(type: string, listener: (value: unknown) => void): void;
  addEventListener?(
    type: string,
    listener: (event: { readonly data?: unknown; readonly message?: string }) => void,
  ): void;
  start?(): void;
  close?(): void;
  terminate?(): unknown;
  ref?(): void;
  unref?(): void;
}

/** A page is told no more. */
const notLoaded =
  "its script cannot be loaded; where a bundler makes no worker of moka-caffe/worker by itself, give connect() one in which " +
  "serve() of moka-caffe/worker/host is called";

export interface PortListeners {
  message(data: unknown): void;
  /** Nothing can be posted any more. */
  end(error: MokaError): void;
}

/** Listens to a port of any kind. */
export function listen(port: Port, { message, end }: PortListeners): void {
  const any = port as AnyPort;
  const failed = (what: string) => end(new MokaError("MOKA_WORKER", `the worker failed: ${what}`));
  const ended = () => end(new MokaError("MOKA_WORKER", "the worker ended"));
  if (any.on) {
    any.on("message", message);
    any.on("messageerror", (error) => failed(String(error)));
    any.on("error", (error) => failed(String(error)));
    any.on("exit", ended);
    any.on("close", ended);
  } else {
    any.addEventListener?.("message", ({ data }) => message(data));
    any.addEventListener?.("messageerror", () => failed("a message cannot be read"));
    any.addEventListener?.("error", (event) => failed(event.message || notLoaded));
    any.addEventListener?.("close", ended);
    any.start?.();
  }
}

/** Ends a worker, or closes a port. */
export function close(port: Port): void {
  const any = port as AnyPort;
  if (any.terminate) any.terminate();
  else any.close?.();
}

/** In Node: whether the process waits for this port. */
export function hold(port: Port, isHeld: boolean): void {
  const any = port as AnyPort;
  if (isHeld) any.ref?.();
  else any.unref?.();
}
