import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { writeHdf5 } from "../../data/hdf5.js";

const golden = fileURLToPath(new URL("../../../test/golden/train/article_sgd/", import.meta.url));
const call = [
  "test",
  "-model",
  `${golden}train_val.prototxt`,
  "-weights",
  `${golden}final.caffemodel`,
  "-iterations=3",
];

test("scores a model on its test data, as the reference's last test did", async () => {
  const { code, err, out } = await moka(...call);
  expect(code).toBe(0);
  expect(out).toBe("");
  const messages = err.split("\n").map((line) => line.replace(/^.*\] /, ""));
  expect(messages).toContain("Running for 3 iterations.");
  expect(messages.filter((line) => /^Batch \d, /.test(line)).length).toBe(6);
  expect(messages).toContain("accuracy = 0.383333");
  // Its averages had moved by one more batch then: Caffe shows a last training loss before the last test.
  expect(messages.find((line) => line.startsWith("loss = "))).toMatch(/^loss = 2\.18\d* \(\* 1 = 2\.18\d* loss\)$/);
});

test("--json prints the means, and nothing else", async () => {
  const { code, out, err } = await moka(...call, "--json");
  expect([code, err]).toEqual([0, ""]);
  const { iterations, loss, outputs } = JSON.parse(out);
  expect(iterations).toBe(3);
  expect(loss).toBeCloseTo(2.18745, 1);
  expect(outputs.accuracy[0]).toBeCloseTo(0.383333, 5);
});

test("outputs of DetectionEvaluate give the mean average precision", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-test-"));
  try {
    // One true box of class 1, found, and one of class 2, missed; a third row of class 1 is wrong.
    const truth = [
      [0, 1, 0, 0.1, 0.1, 0.4, 0.4, 0],
      [0, 2, 1, 0.6, 0.6, 0.9, 0.9, 0],
    ];
    const found = [
      [0, 1, 0.9, 0.1, 0.1, 0.4, 0.4],
      [0, 1, 0.8, 0.5, 0.5, 0.6, 0.6],
    ];
    const batch = (rows: number[][]) => ({
      shape: [1, 1, 2, rows[0]?.length ?? 0],
      data: Float32Array.from(rows.flat()),
    });
    writeFileSync(join(folder, "test.h5"), await writeHdf5({ found: batch(found), truth: batch(truth) }));
    writeFileSync(join(folder, "test.txt"), "test.h5\n");
    writeFileSync(
      join(folder, "net.prototxt"),
      `layer { name: "rows" type: "HDF5Data" top: "found" top: "truth" hdf5_data_param { source: "${folder}/test.txt" batch_size: 1 } }
      layer { name: "e" type: "DetectionEvaluate" bottom: "found" bottom: "truth" top: "detection_eval" detection_evaluate_param { num_classes: 3 } }\n`,
    );
    writeFileSync(join(folder, "net.caffemodel"), Uint8Array.of(10, 1, 110)); // name: "n"
    const files = ["test", "--model", join(folder, "net.prototxt"), "--weights", join(folder, "net.caffemodel")];
    const { code, err } = await moka(...files, "--iterations", "2", "--ap-version", "11point");
    const messages = err.split("\n").map((line) => line.replace(/^.*\] /, ""));
    expect(code, err).toBe(0);
    expect(messages).toContain("detection_eval = 0.5");
    expect(messages).toContain("class1: 1");
    expect(messages).toContain("Missing true_pos for label: 2");
    expect(messages.filter((line) => line.startsWith("Batch"))).toEqual([]);
    const { out } = await moka(...files, "--iterations", "2", "--json");
    expect(JSON.parse(out).outputs.detection_eval).toEqual([0.5]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("needs weights", async () => {
  expect((await moka(...call.slice(0, 3))).code).toBe(2);
});

test("--engine onnxruntime gives the same scores: Moka reads the data and computes accuracy and loss", async () => {
  const results = [];
  for (const engine of ["auto", "onnxruntime"]) {
    const { code, out, err } = await moka(...call, "--json", "--engine", engine);
    expect(code, err).toBe(0);
    results.push(JSON.parse(out));
  }
  const [wanted, found] = results;
  expect(found.outputs.accuracy).toEqual(wanted.outputs.accuracy);
  expect(found.loss).toBeCloseTo(wanted.loss, 5);
});
