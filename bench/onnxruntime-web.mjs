// What `deploy` costs in a page: `node bench/onnxruntime-web.mjs [net.prototxt… --rounds 18 --threads 1,2 --provider wasm]`, after a build, with
// Chromium (`CHROME_PATH`). The same three runs as in bench/onnxruntime.mjs, with onnxruntime-web.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { rolldown } from "rolldown";
import { coreCount } from "../dist/engines/wasm/index.js";
import { version } from "../dist/index.js";
import { median } from "./median.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "18" },
    threads: { type: "string", default: `1,${coreCount()}` },
    provider: { type: "string", default: "wasm" },
  },
});
const nets = ["mobilenet", "resnet50"].map((name) => `../shared/bench/${name}.prototxt`);
const nodePath = createRequire(import.meta.url).resolve("onnxruntime-web");
const ortVersion = JSON.parse(readFileSync(join(dirname(nodePath), "../package.json"), "utf8")).version;
const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const root = fileURLToPath(new URL("..", import.meta.url));
const input = fileURLToPath(new URL("onnxruntime-page.mjs", import.meta.url));
const bundle = await rolldown({ cwd: root, input, platform: "browser", logLevel: "silent" });
const { output } = await bundle.generate({ format: "esm" });
const files = new Map(output.map((file) => [`/${file.fileName}`, file.type === "chunk" ? file.code : file.source]));
const failed = 'onerror = (error) => fetch("/report", { method: "POST", body: JSON.stringify({ error }) })';
const scripts = `<script>${failed}</script><script type="module" src="onnxruntime-page.js"></script>`;
files.set("/index.html", `<!doctype html>${scripts}`);

console.log(`Moka ${version}, onnxruntime-web ${ortVersion}, ${cpus()[0]?.model ?? "?"}, ${coreCount()} cores`);
console.log(`${values.rounds} rounds in a page\n`);
for (const file of positionals.length > 0 ? positionals : nets) {
  files.set("/net.prototxt", readFileSync(file));
  for (const threads of new Set(values.threads.split(","))) print(file, threads, await measure(threads));
}

function print(file, threads, { runs, error }) {
  if (error) throw new Error(error);
  console.log(`${basename(file, ".prototxt")}, ${threads} thr, × the speed of ONNX Runtime`);
  const [base] = runs;
  for (const { label, times } of runs) {
    const ratio = median(times.map((ms, round) => base.times[round] / ms)).toFixed(3);
    console.log(`  ${label.padEnd(46)} ${median(times).toFixed(2).padStart(8)} ms  ${ratio.padStart(6)}`);
  }
}

/** Opens the page in a browser, and waits for its report. */
async function measure(threads) {
  const { promise, resolve } = deferred();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (pathname === "/report") {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      response.end();
      return resolve(JSON.parse(Buffer.concat(chunks).toString()));
    }
    const [, name] = /^\/ort\/(ort-[\w.-]+)$/.exec(pathname) ?? [];
    const content = name === undefined ? files.get(pathname) : readFileSync(join(dirname(nodePath), name));
    if (content === undefined) response.writeHead(404);
    else response.writeHead(200, { "Content-Type": types[extname(pathname)] ?? "text/plain", ...isolation });
    response.end(content);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const profile = mkdtempSync(join(tmpdir(), "moka-bench-"));
  const { provider, rounds } = values;
  const flags = provider === "webgpu" ? ["--enable-unsafe-webgpu"] : ["--disable-gpu"];
  const url = `http://127.0.0.1:${server.address().port}/index.html?${new URLSearchParams({ provider, threads, rounds })}`;
  const browser = spawn(
    process.env.CHROME_PATH ?? "chromium",
    [
      "--headless",
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--no-first-run",
      ...flags,
      `--user-data-dir=${profile}`,
      url,
    ],
    { detached: true, stdio: "ignore" },
  );
  const closed = once(browser, "close");
  try {
    return await Promise.race([promise, closed.then(() => ({ error: "the browser ended" }))]);
  } finally {
    // It is in a group of its own, with all its processes.
    process.kill(-browser.pid, "SIGKILL");
    await closed;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
