// Trains a net in a worker, shows how it goes, and has the trained net read a digit. All of Moka runs in the worker; here are only
// the calls, which are those of Moka in Node.
import { createFiles, Net, Solver } from "moka-caffe/worker";
import netText from "./net.prototxt?raw";
import solverText from "./solver.prototxt?raw";

const $ = (id) => document.getElementById(id);
/** What a test of this page wants to know; see test/browser/example.test.ts. */
const seen = { losses: [], accuracies: [], turns: 0, clicks: 0 };

const maxIter = Number(/max_iter: (\d+)/.exec(solverText)[1]);

// The page's own life: it would stand still if the net learned here.
function turn(time) {
  $("spinner").style.transform = `rotate(${time / 3}deg)`;
  seen.turns++;
  requestAnimationFrame(turn);
}
requestAnimationFrame(turn);
$("count").addEventListener("click", () => {
  seen.clicks++;
  $("count").textContent = `Clicked ${seen.clicks} times`;
});

// The files are in this page: Moka reads them from here, and what it saves is here.
const database = async (name) => (await fetch(new URL(`./digits/${name}/data.mdb`, location.href))).blob();
const files = createFiles({
  "net.prototxt": netText,
  "solver.prototxt": solverText,
  "train_lmdb/data.mdb": await database("train_lmdb"),
  "test_lmdb/data.mdb": await database("test_lmdb"),
});

const threads = Number(new URLSearchParams(location.search).get("threads") ?? navigator.hardwareConcurrency);
const solver = await Solver.load("solver.prototxt", { files, threads });
const turnsBefore = seen.turns;
solver.on("iteration", ({ iter, loss, smoothedLoss, lr }) => {
  seen.losses.push(loss);
  $("status").textContent = `Iteration ${iter}, loss ${smoothedLoss.toFixed(3)}, learning rate ${lr.toFixed(4)}`;
  drawCurve();
});
solver.on("test", ({ iter, outputs }) => {
  seen.accuracies.push(outputs.accuracy[0]);
  $("tests").textContent = `after ${iter} it reads ${(100 * outputs.accuracy[0]).toFixed(1)} % of 500 new digits`;
});
$("stop").addEventListener("click", () => solver.request("stop"));
await solver.solve();
$("status").textContent = `Learned in ${solver.iter} iterations, on ${solver.net.engine.description}`;
const weights = `digits_iter_${solver.iter}.caffemodel`;
seen.turnsInTraining = seen.turns - turnsBefore;
await solver.dispose();

// The same net, as it is used: an image comes in, and the probabilities of the ten digits come out.
const net = await Net.load("net.prototxt", { files, weights, stages: ["deploy"], threads });

async function read() {
  const { data } = pen.getImageData(0, 0, 28, 28);
  const pixels = Float32Array.from({ length: 28 * 28 }, (_, i) => data[4 * i] / 256);
  const { prob } = await net.forward({ data: pixels });
  const best = prob.indexOf(Math.max(...prob));
  $("answer").textContent = `This is a ${best} (${(100 * prob[best]).toFixed(1)} %)`;
  return { pixels: [...pixels], prob: [...prob] };
}

// A seven to begin with, and then what is drawn.
const pen = $("digit").getContext("2d", { willReadFrequently: true });
pen.lineCap = pen.lineJoin = "round";
pen.lineWidth = 2.5;
pen.strokeStyle = "#fff";
function clear() {
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, 28, 28);
}
clear();
pen.beginPath();
pen.moveTo(8, 7);
pen.lineTo(20, 7);
pen.lineTo(12, 22);
pen.stroke();
seen.answer = await read();

let isDrawing = false;
const place = ({ offsetX, offsetY }) => [
  (offsetX * 28) / $("digit").clientWidth,
  (offsetY * 28) / $("digit").clientHeight,
];
$("digit").addEventListener("pointerdown", (event) => {
  isDrawing = true;
  pen.beginPath();
  pen.moveTo(...place(event));
});
$("digit").addEventListener("pointermove", (event) => {
  if (!isDrawing) return;
  pen.lineTo(...place(event));
  pen.stroke();
});
addEventListener("pointerup", async () => {
  if (!isDrawing) return;
  isDrawing = false;
  await read();
});
$("clear").addEventListener("click", () => {
  clear();
  $("answer").textContent = "\u00a0";
});

dispatchEvent(new CustomEvent("moka-example-done", { detail: { ...seen, weights: await files.read(weights) } }));

function drawCurve() {
  const canvas = $("curve");
  const context = canvas.getContext("2d");
  const { losses } = seen;
  const top = Math.max(...losses);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.strokeStyle = "#85461e";
  context.lineWidth = 2;
  context.beginPath();
  for (const [i, loss] of losses.entries()) {
    context.lineTo(10 + (i * (canvas.width - 20)) / maxIter, canvas.height - 10 - ((canvas.height - 20) * loss) / top);
  }
  context.stroke();
}
