import { expect, test } from "vitest";
import { diagnose, type MeasuredLayer, type Measurements } from "./causes.js";
import { readFactor } from "./factor.js";

const measuredLayer = (name: string, more: Partial<MeasuredLayer> & { factor?: number } = {}): MeasuredLayer => {
  const { factor = 1000, fraction = 0.999 } = more;
  return {
    ...{ name, channels: 8, m: 64, inputError: 0, outputError: 0.1, divergence: 0.001, noise: 0.1 },
    ...{ worstChannel: 0, worstDivergence: 0.002, hasVariance: true },
    ...{ factor, fraction, reading: readFactor(factor, fraction) },
    ...more,
  };
};
const measured = (layers: readonly MeasuredLayer[], more: Partial<Measurements> = {}): Measurements => ({
  ...{ layers, train: [], test: [], trains: true, phase: "TEST", batches: 10, batchSize: 32, trainBatchSize: 32 },
  ...{ scores: { batch: { outputs: {} }, global: { outputs: {} } }, accuracies: new Set<string>() },
  ...more,
});
const scored = (batch: number, global: number): Partial<Measurements> => ({
  scores: { batch: { loss: batch, outputs: { loss: batch } }, global: { loss: global, outputs: { loss: global } } },
});
const kinds = (of: Measurements) => diagnose(of).map(({ kind }) => kind);

test("a gap that is known to do no harm has no cause; one that does counts from a tenth of the distance", () => {
  const off = [measuredLayer("a", { divergence: 0.05 }), measuredLayer("b")];
  expect(kinds(measured(off))).toEqual([]);
  expect(kinds(measured(off, scored(0.5, 0.5)))).toEqual([]);
  expect(kinds(measured(off, scored(0.5, 0.8)))).toEqual(["other domain"]);
  expect(kinds(measured(off, scored(0.5, Number.NaN)))).toEqual(["other domain"]);
  expect(kinds(measured([measuredLayer("a", { divergence: 0.5 })]))).toEqual(["other domain"]);
});

test("what batches cannot tell for their noise is not held against the averages", () => {
  const layers = [measuredLayer("a", { divergence: 0.015, noise: 0.3 })];
  expect(kinds(measured(layers, { ...scored(0.5, 0.8), batches: 10 }))).toEqual([]);
  expect(kinds(measured(layers, { ...scored(0.5, 0.8), batches: 100 }))).toEqual(["other domain"]);
});

test("a young average is slow, one off only behind the first layer too; one off at the first alone has other data", () => {
  const young = { factor: 100, divergence: 0.3 };
  expect(kinds(measured([measuredLayer("a", young), measuredLayer("b", young)]))).toEqual(["slow average"]);
  expect(kinds(measured([measuredLayer("a"), measuredLayer("b", { divergence: 0.3 })]))).toEqual(["slow average"]);
  expect(kinds(measured([measuredLayer("a", young), measuredLayer("b", { factor: 100 })]))).toEqual(["other domain"]);
});

test("on the training data themselves the remedy is another", () => {
  const layers = [measuredLayer("a", { divergence: 0.5 })];
  expect(diagnose(measured(layers))[0]?.remedy).toMatch(/run again on TRAIN's data/);
  expect(diagnose(measured(layers, { phase: "TRAIN" }))[0]?.remedy).toMatch(/^These are the data to train on/);
});

test("a divergence that is not a number is a divergence", () => {
  expect(kinds(measured([measuredLayer("a", { divergence: Number.NaN })]))).toEqual(["other domain"]);
});

test("one batch has no noise to measure, so the number of its values tells", () => {
  const { noise: _, ...rest } = measuredLayer("a", { m: 4 });
  expect(kinds(measured([rest]))).toEqual(["tiny batches"]);
  expect(kinds(measured([{ ...rest, m: 64 }]))).toEqual([]);
});
