// Accepts training on several ranks, with every MPI that is installed: `npm run ranks -- <what>`. It exits with 1 if something does not hold.
//
//   npm run ranks -- equal               N ranks with --sync-bn against one process with N times the batch, 100 iterations
//   npm run ranks -- equal --quick       LeNet, 2 and 3 ranks, 20 iterations
//   npm run ranks -- kills               50 kills of a random rank at random moments, and resumed runs
//   npm run ranks -- failures            other failures: a stopped rank, a full disk, Ctrl-C, ranks that differ, …
//   npm run ranks -- efficiency          2 ranks of 1 thread against one process of 2 threads, beside PyTorch's DDP
//
// What is tried can be chosen: --mpi openmpi,mpich --engine wasm,blas --ranks 2,3,4 --net lenet,resnet20 --solver sgd,nesterov,adam,iter_size
// --only <failures> --count <kills> --seed <of the kills> --rounds <of efficiency> --json
import { parseArgs } from "node:util";

const list = { type: "string" };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ mpi: list, engine: list, ranks: list, net: list, solver: list, only: list },
    ...{ count: list, seed: list, rounds: list, iterations: list },
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const [what] = positionals;
const commands = ["equal", "kills", "failures", "efficiency"];
if (positionals.length !== 1 || !commands.includes(what)) {
  console.error(`usage: node scripts/ranks.mjs ${commands.join("|")} [options]`);
  process.exit(2);
}
const { run } = await import(`./ranks/${what}.mjs`);
process.exitCode = (await run(values)) ? 0 : 1;
