import { formatNumber } from "../util/number-format.js";
import type { LogLine, Node } from "./backward-plan.js";
import { type Learnable, paramSpec } from "./params.js";
import type { FloatArray } from "./span.js";

/** Caffe's log of a layer after its forward with `debug_info: true`: mean absolute values of its tops and parameters. */
export function forwardInfo({ layer, top }: Readonly<Node>): LogLine[] {
  const head = `    [Forward] Layer ${layer.name}, `;
  return [
    ...top.map(({ name, data }) => ({
      origin: "net.cpp:593",
      text: `${head}top blob ${name} data: ${meanAbsolute(data.array)}`,
    })),
    ...layer.params.map(({ data }, i) => ({
      origin: "net.cpp:605",
      text: `${head}param blob ${paramSpec(layer, i).name || i} data: ${meanAbsolute(data.array)}`,
    })),
  ];
}

/** Caffe's log of a layer after its backward: mean absolute values of the gradients that it wrote or added to. */
export function backwardInfo({ layer, bottom, wanted, learns }: Readonly<Node>): LogLine[] {
  const head = `    [Backward] Layer ${layer.name}, `;
  const bottoms = bottom.flatMap(({ name, diff }, i) =>
    wanted[i] ? { origin: "net.cpp:621", text: `${head}bottom blob ${name} diff: ${meanAbsolute(diff.array)}` } : [],
  );
  const params = layer.params.flatMap(({ diff }, i) =>
    learns[i] ? { origin: "net.cpp:632", text: `${head}param blob ${i} diff: ${meanAbsolute(diff.array)}` } : [],
  );
  return [...bottoms, ...params];
}

/** The last line of a whole backward: norms of all parameters and of their gradients. Caffe logs it as an error. */
export function normInfo(learnables: readonly Learnable[]): LogLine {
  const norm = (degree: 1 | 2, what: "data" | "diff") => {
    let sum = 0;
    for (const { tensor } of learnables) for (const value of tensor[what].array) sum += Math.abs(value) ** degree;
    return formatNumber(Math.fround(sum ** (1 / degree)));
  };
  const text =
    `    [Backward] All net params (data, diff): L1 norm = (${norm(1, "data")}, ${norm(1, "diff")}); ` +
    `L2 norm = (${norm(2, "data")}, ${norm(2, "diff")})`;
  return { origin: "net.cpp:721", text };
}

function meanAbsolute(values: FloatArray): string {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  return formatNumber(Math.fround(sum / values.length));
}
