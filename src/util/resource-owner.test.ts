import { readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";
import { Classifier, Detector, Net, Solver } from "../index.js";
import { ResourceOwner } from "./resource-owner.js";

const deploy = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 2 dim: 2 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 2 } }`;
const engine = { engine: "reference" } as const;

test("await using disposes of nets, solvers, classifiers and detectors at the end of the block, also by an error", async () => {
  const kept: { net?: Net; solver?: Solver; classifier?: Classifier; detector?: Detector } = {};
  const run = async () => {
    await using net = await Net.load(deploy, engine);
    await using solver = await Solver.load(`base_lr: 0 lr_policy: "fixed" net_param { ${deploy} }`, engine);
    await using classifier = await Classifier.load(deploy, net.toMessage(), engine);
    await using detector = await Detector.load(deploy, net.toMessage(), engine);
    Object.assign(kept, { net, solver, classifier, detector });
    await net.forward();
    throw new RangeError("enough");
  };
  await expect(run()).rejects.toThrow(new RangeError("enough"));
  await expect(kept.net?.forward()).rejects.toThrow("disposed of");
  await expect(kept.solver?.step(1)).rejects.toThrow("disposed of");
  await expect(kept.detector?.net.forward()).rejects.toThrow("disposed of");
  await expect(kept.classifier?.predict([{ shape: [2, 2, 1], data: new Float32Array(4) }])).rejects.toThrow("disposed");
});

test("the block waits until all is freed", async () => {
  const order: string[] = [];
  class Slow extends ResourceOwner {
    async dispose() {
      await new Promise((resolve) => setImmediate(resolve));
      order.push("freed");
    }
  }
  {
    await using _slow = new Slow();
    order.push("in the block");
  }
  order.push("after it");
  expect(order).toEqual(["in the block", "freed", "after it"]);
});

test("a platform without Symbol.asyncDispose has the symbol that compilers put in its place", () => {
  const source = readFileSync(new URL("./resource-owner.ts", import.meta.url), "utf8");
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  const exported: Record<string, unknown> = {};
  new Function("exports", "Symbol", outputText)(exported, { for: Symbol.for });
  expect(exported.asyncDispose).toBe(Symbol.for("Symbol.asyncDispose"));
});
