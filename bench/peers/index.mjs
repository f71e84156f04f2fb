// The libraries that Moka is compared with, as far as they are installed: those of bench/package.json by
// `npm install --prefix bench`, PyTorch from the system (Debian: python3-torch; MOKA_PYTHON names another Python).
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "./describe.mjs";
import { startPeer } from "./peer.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

const peers = [
  { label: "PyTorch", command: process.env.MOKA_PYTHON ?? "/usr/bin/python3", file: "torch_net.py", trains: true },
  { label: "ort-node", command: process.execPath, file: "onnxruntime-node.mjs", trains: false },
  { label: "ort-web", command: process.execPath, file: "onnxruntime-web.mjs", trains: false },
  { label: "tfjs-wasm", command: process.execPath, file: "tfjs.mjs", trains: false },
];

/** Those that can run the net of this text, with as many threads; each is to be closed. */
export async function startPeers(text, threads) {
  const net = await describe(text);
  const folder = mkdtempSync(join(tmpdir(), "moka-bench-"));
  try {
    const description = join(folder, "net.json");
    writeFileSync(description, JSON.stringify(net));
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
