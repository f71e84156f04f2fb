// What the reference logs while it builds a solver's nets (caffe.log of the training runs, see README.md here): the same
// lines in the same order, with the places they come from.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { glog } from "../../src/cli/glog.js";
import { Solver } from "../../src/index.js";

const folder = fileURLToPath(new URL("train/", import.meta.url));
const first = "solver.cpp:45] Initializing solver";
const last = "solver.cpp:57] Solver scaffolding done.";

/** Lines without time and process. */
function linesOf(log: string): string[] {
  const lines = log
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^([IWE])\d+ [\d:.]+ +\d+ /, "$1 "));
  return lines.slice(
    lines.findIndex((line) => line.includes(first)),
    lines.findIndex((line) => line.includes(last)) + 1,
  );
}

/**
 * Without what tells of the reference's inside: the layers within Scale and SoftmaxWithLoss are announced like others, but
 * belong to no net; and its other thread reads on while the nets are still being built.
 */
function withoutInsides(lines: readonly string[]): string[] {
  const creating = (line = "") => /layer_factory\.hpp:77\] Creating layer (.*)/.exec(line)?.[1];
  let announced: string | undefined;
  return lines.filter((line) => {
    const name = creating(line);
    const isInner = name !== undefined && name === announced;
    announced = name ?? announced;
    return !isInner && !line.includes("Restarting data prefetching");
  });
}

test.each(["lenet_bn_sgd", "resnet8_nesterov", "article_sgd"])(
  "building %s logs what the reference logs",
  async (name) => {
    let own = "";
    const log = glog((text) => {
      own += text;
    });
    // `caffe train` gives its -level and -stage to the solver, whether they are set or not.
    const options = { engine: "wasm", threads: 1, level: 0, stages: [""], log } as const;
    const solver = await Solver.load(`${folder}${name}/solver.prototxt`, options);
    await solver.dispose();
    const expected = withoutInsides(linesOf(readFileSync(`${folder}${name}/caffe.log`, "utf8")));
    expect(expected.length).toBeGreaterThan(400);
    expect(linesOf(own.replaceAll(`${folder}${name}/`, ""))).toEqual(expected);
  },
);
