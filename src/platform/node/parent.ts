import { parentPort } from "node:worker_threads";

/** The port to who started this worker; undefined if it is none. */
export const portToParent = () => parentPort ?? undefined;
