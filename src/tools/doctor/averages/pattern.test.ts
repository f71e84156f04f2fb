import { expect, test } from "vitest";
import { connect } from "../../../core/graph.js";
import { parseNet } from "../../../proto/text/index.js";
import { normLayers } from "../../batch-norm/norm-layers.js";
import type { Subject } from "../subject.js";
import { isAbrupt, isAlone, isAtInput, isSingle } from "./pattern.js";

const chain = [1, 2, 3, 4]
  .map((i) => `layer { name: "b${i}" type: "BatchNorm" bottom: "x${i - 1}" top: "x${i}" }`)
  .join("\n");
const { layer: layers } = parseNet(chain).message;
const norms = normLayers(layers);
const subject = { graph: connect(layers) } as Subject;

/** Four layers in a row, each so far from its averages; from 0.1 nats on they do not fit. */
function patternOf(...divergences: readonly number[]) {
  const all = norms.map((norm, i) => {
    const divergence = divergences[i] ?? 0;
    return { norm, divergence, isOff: divergence > 0.1 };
  });
  const off = all.filter(({ isOff }) => isOff);
  return {
    isAlone: isAlone(subject, off, all),
    isSingle: isSingle(off, all),
    isAbrupt: isAbrupt(off, all),
    isAtInput: isAtInput(subject, off),
  };
}

test.each([
  ["one in the middle", [0.001, 2, 0.001, 0.001], { isAlone: true, isSingle: true, isAbrupt: true, isAtInput: false }],
  ["the first", [2, 0.001, 0.001, 0.001], { isAlone: true, isSingle: true, isAbrupt: false, isAtInput: true }],
  ["the last", [0.001, 0.001, 0.001, 2], { isAlone: false, isSingle: true, isAbrupt: true, isAtInput: false }],
  ["all from one on", [0.001, 2, 3, 1], { isAlone: false, isSingle: false, isAbrupt: true, isAtInput: false }],
  ["a trace behind it", [0.001, 2, 0.02, 0.02], { isAlone: false, isSingle: true, isAbrupt: true, isAtInput: false }],
  ["all a little", [0.05, 0.12, 0.15, 0.2], { isAlone: false, isSingle: false, isAbrupt: false, isAtInput: false }],
])("%s", (_, divergences, pattern) => {
  expect(patternOf(...divergences)).toEqual(pattern);
});
