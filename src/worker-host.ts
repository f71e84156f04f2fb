/** `moka-caffe/worker/host`: the side of the port where nets live, for workers of the caller's own. */
export { type ServeOptions, serve } from "./api/remote/host.js";
export type { Port } from "./api/remote/port.js";
