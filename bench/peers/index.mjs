// The libraries that Moka is compared with, if they are installed: those of bench/package.json by `npm install --prefix
// bench`; PyTorch and OpenCV from the system (Debian: python3-torch, python3-opencv; MOKA_PYTHON names another Python);
// BVLC Caffe built from its sources, if that Python can `import caffe` (PYTHONPATH=…/caffe/python).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Net } from "../../dist/index.js";
import { describe } from "./describe.mjs";
import { startPeer } from "./peer.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

const python = process.env.MOKA_PYTHON ?? "/usr/bin/python3";

const peers = [
  { label: "Caffe", command: python, file: "caffe_net.py", trains: true },
  { label: "PyTorch", command: python, file: "torch_net.py", trains: true },
  { label: "OpenCV", command: python, file: "opencv_net.py", trains: false },
  { label: "ort-node", command: process.execPath, file: "onnxruntime-node.mjs", trains: false },
  { label: "ort-web", command: process.execPath, file: "onnxruntime-web.mjs", trains: false },
  { label: "tfjs-wasm", command: process.execPath, file: "tfjs.mjs", trains: false },
];

/** Starts the peers that can run the net of this text, each with `threads` threads. The caller closes them. */
export async function startPeers(text, threads) {
  const net = await describe(text);
  const folder = mkdtempSync(join(tmpdir(), "moka-bench-"));
  try {
    const description = join(folder, "net.json");
    writeFileSync(description, JSON.stringify(net));
    writeFileSync(join(folder, "net.prototxt"), text);
    if (!net.trains) await saveWeights(text, join(folder, "net.caffemodel"));
    const started = [];
    for (const { label, command, file, trains } of peers) {
      if (net.trains && !trains) continue;
      const peer = await startPeer(label, command, [here(file), description, String(threads)]);
      if (peer) started.push({ ...peer, engine: label });
    }
    return started;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Saves weights from the fillers, with the statistics of noise for BatchNorm, whose own are still 0. */
async function saveWeights(text, path) {
  const net = await Net.load(text, { phase: "TEST", threads: 1, seed: 1, keep: "outputs" });
  for (const { type, blobs } of net.layers) {
    if (type !== "BatchNorm") continue;
    blobs[1].data.fill(1);
    blobs[2].data.fill(1);
  }
  await net.save(path);
  await net.dispose();
}
