import { readFileSync } from "node:fs";
import { changeFields, createFiles, lint, readFields, summarize } from "moka-caffe";
import { expect, test } from "vitest";
import { switches } from "../norm/switches.js";
import { changesFor, right, rulesOf, steps } from "./steps.js";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
const example = read("../../../../examples/browser/net.prototxt");
const solver = read("../../example/solver.prototxt");
const base = changeFields(example, right);

test("the tour's net has every switch off", () => {
  for (const { name, reads, isOn } of switches) expect([name, isOn(readFields(base, reads))]).toEqual([name, false]);
});

test.each(steps.map((step) => [step.id, step] as const))(
  "the net of the step %s is as it says, and a net",
  async (_, step) => {
    const net = changeFields(base, changesFor(step));
    const on = switches.filter(({ reads, isOn }) => isOn(readFields(net, reads))).map(({ name }) => name);
    expect(on).toEqual(step.on);
    if (step.run !== "load")
      expect((await summarize(net, { phase: "TRAIN", peaks: false })).layers.length).toBeGreaterThan(9);
    const { findings } = await lint(net, { solver, files: createFiles() });
    // Lint has no rule for these: they are no mistakes in every net.
    if (["pair", "phases", "fraction", "batchSize"].includes(step.id)) return;
    const found = findings.map(({ rule }) => rule);
    expect(rulesOf(step).some((rule) => found.includes(rule))).toBe(true);
  },
);
