// A BatchNorm that only one phase has: lint reports that, and nothing about a training that it takes no part in.
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createFiles, lint } from "../../src/index.js";

const caseOf = (name: string) => fileURLToPath(new URL(`../cases/one-phase/${name}`, import.meta.url));

test.each([
  ["test-only", "error", /is in TEST only, so it is never trained/],
  ["train-only", "error", /is in TRAIN only, and missing in TEST/],
  ["n", "warning", /is in TEST only, so it is never trained/],
])("%s.prototxt has one finding", async (name, severity, message) => {
  const { findings } = await lint(caseOf(`${name}.prototxt`));
  expect(findings).toMatchObject([{ rule: "bn-one-phase", severity, message: expect.stringMatching(message) }]);
});

test("with weights that bring its averages there is none", async () => {
  expect((await lint(caseOf("n.prototxt"), { weights: caseOf("w.caffemodel") })).findings).toEqual([]);
});

describe("the training net and the test net of a solver, in files of their own", () => {
  const data = 'layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 3 } } }\n';
  const bn = 'layer { name: "bn" type: "BatchNorm" bottom: "x" top: "x" }\n';
  const rest =
    'layer { name: "f" type: "InnerProduct" bottom: "x" top: "f" inner_product_param { num_output: 3 } }\n' +
    'layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "x" top: "l" }\n';
  const solver = 'train_net: "train" test_net: "test" test_iter: 1 test_interval: 1 snapshot_after_train: false\n';
  const found = async (texts: Readonly<Record<"train" | "test", string>>) => {
    const files = createFiles({ ...texts, solver: `${solver} base_lr: 1 max_iter: 1 lr_policy: "fixed"\n` });
    const lines = await Promise.all(
      (["train", "test"] as const).map(async (path) => {
        const { findings } = await lint(path, { solver: "solver", files });
        return findings.flatMap(({ rule, message }) => (rule === "bn-one-phase" ? [`${path}: ${message}`] : []));
      }),
    );
    return lines.flat();
  };

  test("that both have it", async () => {
    expect(await found({ train: data + bn + rest, test: data + bn + rest })).toEqual([]);
  });

  test("that share it by a parameter's name", async () => {
    const named = (name: string) => bn.replace('"bn"', `"${name}" param { name: "m" }`);
    expect(await found({ train: data + named("a") + rest, test: data + named("b") + rest })).toEqual([]);
  });

  test("of which only one has it", async () => {
    expect(await found({ train: data + bn + rest, test: data + rest })).toEqual([
      'train: layer "bn" (BatchNorm) is in TRAIN only, and missing in TEST',
    ]);
    expect(await found({ train: data + rest, test: data + bn + rest })).toEqual([
      'test: layer "bn" (BatchNorm) is in TEST only, so it is never trained',
    ]);
  });

  test("of which one is not there, or cannot be read", async () => {
    expect(await found({ train: data + bn + rest, test: "layer { " })).toEqual([]);
    const files = createFiles({ train: data + bn + rest });
    expect((await lint("train", { solver, files })).findings.map(({ rule }) => rule)).not.toContain("bn-one-phase");
  });
});
