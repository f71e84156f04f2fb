import { expect, test } from "vitest";
import { doctor } from "../api/doctor.js";
import { drawNet } from "../api/draw-net.js";
import { Net } from "../api/net.js";
import { stats } from "../api/stats.js";
import { Phase } from "../proto/gen/caffe_pb.js";
import { stateOf } from "./net-state.js";

const text = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }\n`;

test("a state has level 0 and no stages unless they are given", () => {
  expect(stateOf("TEST")).toMatchObject({ phase: Phase.TEST, level: 0, stage: [] });
  const given = { level: 2, stages: ["deploy"] };
  expect(stateOf("TRAIN", given)).toMatchObject({ phase: Phase.TRAIN, level: 2, stage: ["deploy"] });
});

test.each([
  ["Net.load", () => Net.load(text, { phase: "train" as "TRAIN", engine: "reference" })],
  ["drawNet", () => drawNet(text, { phase: "train" as "TRAIN" })],
  ["stats", () => stats(text, "none.caffemodel", { phase: "train" as "TRAIN" })],
  ["doctor", () => doctor(text, "none.caffemodel", { phase: "train" as "TRAIN", engine: "reference" })],
])("%s says which phases there are", async (_, call) => {
  const message = 'phase must be "TRAIN" or "TEST", not "train"';
  await expect(call()).rejects.toMatchObject({ code: "MOKA_USAGE", message });
});
