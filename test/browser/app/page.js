// What a user's page does, bundled by each bundler: the same work in the page and in a worker of its own.
import { overPort } from "./port.js";
import { work } from "./work.js";

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
const inWorker = new Promise((resolve) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => resolve({ error: `the worker: ${message ?? "did not start"}` });
});
const folder = new URL("..", location.href).href;
worker.postMessage(folder);
const [bundler] = location.pathname.split("/").slice(-2);
const port = await overPort(folder, bundler);
const report = { page: await work(folder), worker: await inWorker, port, isIsolated: crossOriginIsolated };
await fetch("/report", { method: "POST", body: JSON.stringify({ bundler, ...report }) });
