/** `moka-caffe/worker/host`: the worker's side of the port, for the caller's own workers. */
export { type ServeOptions, serve } from "./api/remote/host.js";
export type { Port } from "./api/remote/port.js";
