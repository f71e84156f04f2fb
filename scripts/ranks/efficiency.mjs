// Two ranks of one thread against one process of two threads, with the same images an iteration; beside them PyTorch, by its data-parallel
// training over gloo. All take turns, round after round, so that what disturbs the machine disturbs all; medians are compared.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe } from "../../bench/peers/describe.mjs";
import { findBlas } from "../../dist/engines/wasm/blas/find-node.js";
import { inFolder } from "./data.mjs";
import { here, mpis, startRanks } from "./launch.mjs";
import { median } from "./nets.mjs";

/** Nets of bench/nets, and the images of all ranks together. */
const tried = { vggbn: { file: "vggbn_b8", batch: 8 }, resnet20: { file: "resnet20_b64", batch: 64 } };
const ranks = 2;
const target = 0.9;
const python = process.env.MOKA_PYTHON ?? "/usr/bin/python3";

/** Prints the ratios. Returns whether Moka's reach the target. */
export async function run({ mpi, engine, net, rounds = "15", json }) {
  const say = (text) => json || console.log(text);
  const engines = engine?.split(",") ?? (findBlas() ? ["wasm", "blas"] : ["wasm"]);
  const results = [];
  say(`${ranks} ranks × 1 thread against 1 process × ${ranks} threads: ms an iteration, medians of ${rounds} rounds`);
  await inFolder(async (folder) => {
    for (const name of net?.split(",") ?? Object.keys(tried)) {
      const { file, batch } = tried[name];
      const text = readFileSync(new URL(`../../bench/nets/${file}.prototxt`, import.meta.url), "utf8");
      const files = { one: join(folder, `${name}.prototxt`), rank: join(folder, `${name}-rank.prototxt`) };
      writeFileSync(files.one, text);
      writeFileSync(
        files.rank,
        text
          .replaceAll(`{ dim: ${batch} dim`, `{ dim: ${batch / ranks} dim`)
          .replaceAll(`{ dim: ${batch} }`, `{ dim: ${batch / ranks} }`),
      );
      for (const pair of pairs(engines, mpis(mpi), files)) results.push(await measure(name, pair, Number(rounds), say));
      const torch = await torchPair(folder, name, files);
      if (torch) results.push(await measure(name, torch, Number(rounds), say));
      else say(`${name}: no PyTorch is installed (Debian: python3-torch)`);
    }
  });
  const slow = results.filter(({ label, ratio }) => !label.startsWith("PyTorch") && !(ratio >= target));
  if (json) console.log(JSON.stringify({ target, results }, null, 1));
  say(`${slow.length === 0 ? "all" : `not all (${slow.length} fall short)`} of Moka's reach ${target} × one process`);
  return results.length > 0 && slow.length === 0;
}

/** What is compared: each a process, and the ranks that do the same. */
function pairs(engines, kinds, { one, rank }) {
  const script = (given) => [process.execPath, here("time.mjs"), JSON.stringify(given)];
  return engines.flatMap((engine) =>
    kinds.flatMap((kind) =>
      [false, true].map((syncBatchNorm) => ({
        label: `Moka ${engine}, ${kind}${syncBatchNorm ? ", --sync-bn" : ""}`,
        one: (port) => start(script({ net: one, engine, threads: ranks, port })),
        ranks: (port) => {
          const command = script({ net: rank, engine, threads: 1, mpi: true, syncBatchNorm, port });
          return startRanks(kind, ranks, command, { limit: 1800 }).done;
        },
      })),
    ),
  );
}

/** PyTorch's process and ranks; undefined if it is not installed. */
async function torchPair(folder, name, files) {
  const probe = spawnSync(python, [
    "-c",
    "import torch, torch.distributed as d; assert d.is_gloo_available(); print(torch.__version__)",
  ]);
  if (probe.status !== 0) return undefined;
  const described = {};
  for (const [which, file] of Object.entries(files)) {
    described[which] = join(folder, `${name}-${which}.json`);
    writeFileSync(described[which], JSON.stringify(await describe(readFileSync(file, "utf8"))));
  }
  const script = (...args) => [python, here("torch_ddp.py"), ...args.map(String)];
  const meeting = join(folder, `${name}-gloo`);
  return {
    label: `PyTorch ${String(probe.stdout).trim()}, DDP over gloo`,
    one: (port) => start(script(described.one, ranks, port, 0, 1, meeting)),
    ranks: (port) =>
      Promise.all(
        Array.from({ length: ranks }, (_, rank) => start(script(described.rank, 1, port, rank, ranks, meeting))),
      ),
  };
}

/** Runs a command to its end. */
function start([command, ...args]) {
  const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code })));
}

/** Starts what connects to a port of this process, and then runs its iterations and says how many ms one took, for each line. */
async function connect(begin) {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const connected = new Promise((resolve) => server.once("connection", resolve));
  const ended = begin(server.address().port);
  const socket = await Promise.race([connected, ended.then((end) => Promise.reject(new Error(failed(end))))]);
  server.close();
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  return {
    once: async () => {
      socket.write("go\n");
      const { value, done } = await lines.next();
      if (done) throw new Error(failed(await ended));
      return Number(value);
    },
    close: async () => {
      socket.end();
      await ended;
    },
  };
}

const failed = (end) => `what was to be timed has ended: ${JSON.stringify(end).slice(-2000)}`;

async function measure(name, { label, one, ranks: all }, rounds, say) {
  const runs = [await connect(one), await connect(all)];
  const times = runs.map(() => []);
  for (let round = -2; round < rounds; round++) {
    for (const [i, run] of runs.entries()) {
      const ms = await run.once();
      if (round >= 0) times[i].push(ms);
    }
  }
  for (const run of runs) await run.close();
  const [alone, together] = times.map(median);
  // The ratio of each round, so that a slow phase of the machine counts for both.
  const ratio = median(times[0].map((ms, i) => ms / times[1][i]));
  const cells = [name.padEnd(9), label.padEnd(34), alone.toFixed(1).padStart(8), together.toFixed(1).padStart(8)];
  say(`${cells.join(" ")}  ${ratio.toFixed(3)}`);
  return { net: name, label, alone, together, ratio };
}
