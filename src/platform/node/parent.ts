import { parentPort } from "node:worker_threads";

/** The port to the program that started this worker; undefined outside a worker. */
export const portToParent = () => parentPort ?? undefined;
