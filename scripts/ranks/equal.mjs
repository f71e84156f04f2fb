// N ranks with synchronized BatchNorm against one process with N times the batch.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize } from "node:v8";
import { findBlas } from "../../dist/engines/wasm/blas/find-node.js";
import { Solver } from "../../dist/index.js";
import { drawDigits, inFolder } from "./data.mjs";
import { here, mpirun, mpis } from "./launch.mjs";
import { nets, solvers, solverText } from "./nets.mjs";

/** What must hold: the losses of the first iterations, of all, the final weights and BatchNorm's averages. */
const bounds = { first: 1e-5, last: 1e-4, weights: 1e-3, averages: 1e-5 };
const firstIterations = 5;

/**
 * Compares all that was chosen. Beside each distance stands how far one process is from itself with another engine, which rounds
 * differently: ranks cannot come nearer. Returns whether all bounds hold.
 */
export async function run({ quick, json, ...chosen }) {
  const of = (name, all, few = all) => chosen[name]?.split(",") ?? (quick ? few : all);
  const iterations = Number(chosen.iterations ?? (quick ? 20 : 100));
  const engines = of("engine", hasBlas() ? ["wasm", "blas"] : ["wasm"], ["wasm"]);
  const say = (text) => json || console.log(text);
  if (!hasBlas()) console.error("no native BLAS is installed: engine blas is left out");
  say(
    `${iterations} iterations; distances: losses of the first ${firstIterations} iterations, of all; final weights and averages`,
  );
  say("relative to the largest value of their blob; in brackets, one process against itself with the other engine");
  const bounded = Object.keys(nets).filter((name) => !nets[name].hasNoBounds);
  const rows = [];
  await inFolder(async (folder) => {
    const data = drawDigits(folder, 2000);
    for (const net of of("net", bounded, ["lenet-smooth"])) {
      if (!(net in nets)) throw new Error(`there is no net "${net}"; choose of ${Object.keys(nets)}`);
      await warmUp(net, folder, data);
      for (const solver of of("solver", Object.keys(solvers), ["sgd"])) {
        for (const size of of("ranks", ["2", "3", "4"], ["2", "3"]).map(Number)) {
          const trainings = createTrainings(folder, data, { net, solver, size, iterations });
          for (const engine of engines) {
            const one = trainings.alone(engine);
            const other = hasBlas() && !quick && trainings.alone(engine === "blas" ? "wasm" : "blas");
            const floor = other ? compare(other, one) : undefined;
            for (const mpi of mpis(chosen.mpi)) {
              const all = await trainings.together(engine, mpi);
              const row = { net, solver, size, engine: one.engine, mpi, ...compare(all, one), floor };
              row.failures = nets[net].hasNoBounds
                ? []
                : Object.keys(bounds).filter((name) => !(row[name] <= bounds[name]));
              rows.push(row);
              say(format(row));
            }
          }
        }
      }
    }
  });
  const failed = rows.filter(({ failures }) => failures.length > 0);
  if (json) console.log(JSON.stringify({ bounds, iterations, rows }, null, 1));
  say(`${rows.length - failed.length} of ${rows.length} runs hold all bounds`);
  return rows.length > 0 && failed.length === 0;
}

function hasBlas() {
  return findBlas() !== undefined;
}

const warmFile = (folder, net) => join(folder, `${net}.caffemodel`);

/** Trains the weights that a net starts from, if it does not start from its fillers. */
async function warmUp(name, folder, data) {
  const { warmUp: iterations, text } = nets[name];
  if (!iterations) return;
  const solver = await Solver.load(solverText(text(32, data), solvers.sgd, iterations));
  await solver.step(iterations);
  await solver.net.save(warmFile(folder, name));
  await solver.dispose();
}

/** Trains one net with one solver, alone and on ranks; what was trained alone is trained once. */
function createTrainings(folder, data, { net, solver, size, iterations }) {
  const { batch, text, rate, warmUp } = nets[net];
  const own = { ...solvers[solver], rate: rate * solvers[solver].rate };
  const weights = warmUp ? ` weights: "${warmFile(folder, net)}"` : "";
  const write = (name, batchSize) => {
    const file = join(folder, name);
    writeFileSync(file, solverText(text(batchSize, data), own, iterations) + weights);
    return file;
  };
  const out = join(folder, "out");
  const read = (rank) => {
    const result = deserialize(readFileSync(`${out}.${rank}`));
    rmSync(`${out}.${rank}`);
    return result;
  };
  const script = [here("train.mjs")];
  const known = new Map();
  return {
    alone: (engine) => {
      if (known.has(engine)) return known.get(engine);
      const given = { solver: write("alone.prototxt", batch * size), iterations, engine, mpi: false, out };
      execFileSync(process.execPath, [...script, JSON.stringify(given)], { stdio: ["ignore", "ignore", "inherit"] });
      const result = read(0);
      known.set(engine, result);
      return result;
    },
    together: async (engine, mpi) => {
      const given = { solver: write("rank.prototxt", batch), iterations, engine, out };
      const command = [process.execPath, ...script, JSON.stringify(given)];
      const { code, output } = await mpirun(mpi, size, command, { limit: 1800 });
      if (code !== 0) throw new Error(`${size} ranks of ${mpi} ended with ${code}:\n${output}`);
      const [root, ...others] = Array.from({ length: size }, (_, rank) => read(rank));
      for (const [i, { digest }] of others.entries())
        if (digest !== root.digest) throw new Error(`rank ${i + 1} of ${mpi} has other weights than rank 0`);
      return root;
    },
  };
}

/** The distances of two trainings, as `bounds` names them, and the blobs that are farthest. */
function compare(actual, expected) {
  const losses = expected.losses.map((loss, i) => Math.abs(loss - actual.losses[i]));
  if (actual.losses.length !== losses.length) throw new Error("not as many iterations");
  const farthest = (isWanted) => {
    let most = { distance: 0, blob: "" };
    for (const [blob, values] of expected.params) {
      const distance = isWanted(blob) ? relative(actual.params.get(blob), values) : 0;
      if (!(distance <= most.distance)) most = { distance, blob };
    }
    return most;
  };
  const isAverage = (blob) => expected.averages.includes(blob);
  const [weights, averages] = [farthest((blob) => !isAverage(blob)), farthest(isAverage)];
  return {
    first: Math.max(...losses.slice(0, firstIterations)),
    last: Math.max(...losses),
    ...{ weights: weights.distance, averages: averages.distance, blobs: [weights.blob, averages.blob] },
    loss: expected.losses.at(-1),
  };
}

function relative(actual, expected) {
  let [most, scale] = [0, 0];
  for (const [i, value] of expected.entries()) {
    most = Math.max(most, Math.abs(value - actual[i]));
    scale = Math.max(scale, Math.abs(value));
  }
  return scale > 0 ? most / scale : most;
}

function format(row) {
  const cells = Object.keys(bounds).map((name) => {
    const beside = row.floor ? ` (${row.floor[name].toExponential(0)})` : "";
    return `${name} ${row[name].toExponential(1)}${beside}`;
  });
  const name = `${row.net} ${row.solver}`.padEnd(24);
  const verdict =
    row.failures.length === 0 ? "ok" : `FAILED: ${row.failures.join(", ")}; farthest ${row.blobs.join(" and ")}`;
  return `${name} ${row.size} ranks ${row.mpi.padEnd(7)} ${row.engine.padEnd(5)} ${cells.join("  ")}  loss ${row.loss.toFixed(4)}  ${verdict}`;
}
