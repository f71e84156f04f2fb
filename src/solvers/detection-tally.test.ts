// Numbers: numpy, SSD's comparison and its three average precisions written again from their formulas.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scene } from "../../test/detection-scene.js";
import { trainAlone, trainTogether } from "../../test/train-together.js";
import { writeHdf5 } from "../data/hdf5.js";
import { Solver } from "../index.js";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "moka-detection-"));
  const { found, truth } = scene();
  // A batch for each image; rows that are missing are of image −1.
  const batches = (rows: number[][], width: number) => {
    const most = Math.max(...[0, 1, 2, 3, 4].map((image) => rows.filter(([own]) => own === image).length));
    const all = [0, 1, 2, 3, 4].map((image) => {
      const own = rows.filter(([each]) => each === image);
      return [...own, ...Array.from({ length: most - own.length }, () => Array<number>(width).fill(-1))];
    });
    return { shape: [5, 1, most, width], data: Float32Array.from(all.flat(2)) };
  };
  writeFileSync(join(folder, "test.h5"), await writeHdf5({ found: batches(found, 7), truth: batches(truth, 8) }));
  writeFileSync(join(folder, "test.txt"), "test.h5\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

const evaluate = (top = "detection_eval", fields = "") =>
  `layer { name: "${top}" type: "DetectionEvaluate" bottom: "found" bottom: "truth" top: "${top}" include { phase: TEST }
    detection_evaluate_param { num_classes: 4 ${fields} } }`;

const solver = (fields: string, tests = evaluate(), data = "") => `net_param {
    layer { name: "d" type: "DummyData" top: "x" top: "t" include { phase: TRAIN } dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 1 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" include { phase: TRAIN } inner_product_param { num_output: 1 } }
    layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "t" top: "loss" include { phase: TRAIN } }
    layer { name: "rows" type: "HDF5Data" top: "found" top: "truth" include { phase: TEST }
      hdf5_data_param { source: "${folder}/test.txt" batch_size: 1 } }
    ${data} ${tests} }
  base_lr: 0.1 lr_policy: "fixed" test_iter: 5 test_interval: 1 snapshot_after_train: false max_iter: 1
  snapshot_prefix: "${folder}/snap" eval_type: "detection" ${fields}`;

async function testOf(text: string) {
  const lines: string[] = [];
  const loaded = await Solver.load(text, {
    engine: "reference",
    log: (_, origin, line) => void (/^solver.cpp:5\d\d$/.test(origin) && lines.push(line)),
  });
  try {
    return { outputs: await loaded.test(), lines };
  } finally {
    await loaded.dispose();
  }
}

test.each([
  ["", 0.0966888],
  ['ap_version: "11point"', 0.1258741],
  ['ap_version: "MaxIntegral"', 0.1236264],
])("the mean average precision over the batches of a test, with %j", async (fields, wanted) => {
  const { outputs, lines } = await testOf(solver(fields));
  expect([...(outputs.detection_eval ?? [])]).toEqual([expect.closeTo(wanted, 6)]);
  expect(lines).toEqual([`    Test net output #0: detection_eval = ${Number(wanted.toPrecision(6))}`]);
});

test("each class, with show_per_class_result, and several outputs", async () => {
  const two = evaluate("a") + evaluate("b", "overlap_threshold: 3");
  const { outputs, lines } = await testOf(solver('show_per_class_result: true ap_version: "11point"', two));
  expect(outputs.b).toEqual(Float32Array.of(0));
  expect(lines).toEqual([
    "class1: 0.104895",
    "class2: 0.167832",
    "class3: 0.104895",
    "    Test net output #0: a = 0.125874",
    ...["class1: 0", "class2: 0", "class3: 0", "    Test net output #1: b = 0"],
  ]);
});

test("without eval_type, building the solver warns that rows are averaged", async () => {
  const lines: string[] = [];
  const text = solver("").replace('eval_type: "detection"', "");
  const loaded = await Solver.load(text, {
    engine: "reference",
    log: (level, _, line) => void (level === "warning" && lines.push(line)),
  });
  await loaded.dispose();
  const wanted = 'test net #0\'s DetectionEvaluate "detection_eval" needs eval_type: "detection"';
  expect(lines).toEqual([expect.stringContaining(wanted)]);
});

test("classes without detections count as 0, with a warning", async () => {
  const { outputs, lines } = await testOf(solver("", evaluate("e", "").replace("num_classes: 4", "num_classes: 6")));
  expect(outputs.e?.[0]).toBeCloseTo((0.0966888 * 3) / 5, 6);
  expect(lines.slice(0, 2)).toEqual(["Missing true_pos for label: 4", "Missing true_pos for label: 5"]);
});

test("the ranks of a training share the batches, and find what one process finds", async () => {
  const text = solver("");
  const alone = await trainAlone(text, 1);
  expect(alone.tests[0]?.detection_eval?.[0]).toBeCloseTo(0.0966888, 6);
  for (const size of [2, 3]) {
    for (const { tests } of await trainTogether(size, text, 1)) expect(tests).toEqual(alone.tests);
  }
});

describe("refuses", () => {
  test.each([
    ["eval_type", /eval_type must be "classification" or "detection", not "x"$/, 'eval_type: "x"'],
    ["ap_version", /ap_version must be one of 11point, MaxIntegral, Integral, not "x"$/, 'ap_version: "x"'],
  ])("another %s", async (field, message, text) => {
    const fields = field === "eval_type" ? solver("").replace('eval_type: "detection"', text) : solver(text);
    await expect(Solver.load(fields, { engine: "reference" })).rejects.toThrow(message);
  });

  test("outputs that are not rows of DetectionEvaluate", async () => {
    const other = 'layer { name: "s" type: "Silence" bottom: "truth" include { phase: TEST } }';
    await expect(testOf(solver("", other))).rejects.toThrow(/rows of 5 values, .* "found" is /);
    const five = `layer { name: "f" type: "DummyData" top: "f" include { phase: TEST } dummy_data_param { shape { dim: 2 dim: 5 }
      data_filler { type: "constant" value: 2 } } }`;
    const silent = 'layer { name: "s" type: "Silence" bottom: "truth" bottom: "found" include { phase: TEST } }';
    await expect(testOf(solver("", silent + five))).rejects.toThrow(
      /either right \(1, 0\) or wrong \(0, 1\), not \(2, 2\)/,
    );
  });
});
