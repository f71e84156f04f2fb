// `npm run demo`: draws digits, trains the article's network on them, tests it, and saves it.
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);

const { default: asciichart } = await import("asciichart");
const { main } = await import("../dist/cli/program.js");
const { Net, Solver } = await import("../dist/index.js");

const start = performance.now();
const say = (text) => process.stdout.write(`${text}\n`);
const seconds = () => ((performance.now() - start) / 1000).toFixed(1);

say("$ moka digits build/digits");
await main(["digits", "build/digits"]);

say("\n$ moka train -solver examples/article/solver.prototxt");
const solver = await Solver.load("examples/article/solver.prototxt");
say(`${solver.net.name} on ${solver.net.engine.description}: ${solver.param.maxIter} iterations`);
const losses = [];
let model = "";
solver.on("iteration", ({ iter, loss, lr }) => {
  losses.push(loss);
  if (iter % 20 === 0)
    say(`  iteration ${String(iter).padStart(3)}   loss ${loss.toFixed(4)}   lr ${lr.toFixed(4)}   ${seconds()} s`);
});
solver.on("test", ({ iter, outputs }) => say(`  test after ${iter}: accuracy ${percent(outputs.accuracy[0])}`));
solver.on("snapshot", (event) => {
  model = event.model;
});
await solver.solve();
await solver.dispose();
say(`\n${asciichart.plot(smooth(losses, 60), { height: 10 })}\n  loss, from iteration 0 to ${losses.length - 1}\n`);

say(`$ moka test -model examples/article/train_val.prototxt -weights ${model} -iterations 10`);
const net = await Net.load("examples/article/train_val.prototxt", { phase: "TEST", weights: model });
let right = 0;
for (let batch = 0; batch < 10; batch++) right += (await net.forward()).accuracy[0] / 10;
await net.dispose();
say(`  accuracy ${percent(right)} on 1000 images it has not seen; the model is ${model}; ${seconds()} s in all`);
if (right < 0.97) {
  say("  That is less than the 97 % it should be.");
  process.exitCode = 1;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** The curve with `points` points, each the mean of an equal share of the values. */
function smooth(values, points) {
  const width = values.length / points;
  return Array.from({ length: points }, (_, i) => {
    const part = values.slice(Math.floor(i * width), Math.max(Math.floor((i + 1) * width), Math.floor(i * width) + 1));
    return part.reduce((a, b) => a + b, 0) / part.length;
  });
}
