// The page of bench/onnxruntime-web.mjs, bundled. It measures one net, and posts the times of each run.

import * as ort from "onnxruntime-web";
import { measure } from "./onnxruntime-rounds.mjs";

const asked = new URLSearchParams(location.search);
const [provider, threads, rounds] = [asked.get("provider"), Number(asked.get("threads")), Number(asked.get("rounds"))];

ort.env.wasm.wasmPaths = new URL("ort/", location.href).href;
const text = await (await fetch("net.prototxt")).text();
const result = await measure(ort, text, { provider, threads, rounds }).then(
  (runs) => ({ runs }),
  (error) => ({ error: String(error.stack ?? error) }),
);
await fetch("/report", { method: "POST", body: JSON.stringify(result) });
