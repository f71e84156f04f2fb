// Lint reports what building a solver refuses, in the same words and at the same place.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type LintOptions, lint, MokaError, Solver } from "../../src/index.js";

const folder = fileURLToPath(new URL("../cases/solver-lint/", import.meta.url));
const solvers = readdirSync(folder).filter((name) => name.startsWith("s"));

test.each(solvers)("%s", async (name) => {
  const path = folder + name;
  const error = await Solver.load(path, { engine: "reference" }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof MokaError)) throw error ?? new Error("the solver was built");
  const { findings } = await lint(path);
  const errors = findings.filter(({ severity }) => severity === "error");
  expect(errors).toContainEqual(
    expect.objectContaining({ message: error.reason, line: error.place?.line, column: error.place?.column }),
  );
});

test("the cases' other faults", async () => {
  const found = async (name: string) =>
    (await lint(folder + name)).findings.map(({ line, message }) => `${line} ${message}`);
  expect(await found("s.prototxt")).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^5 stepvalue 5 stands after 10/),
      expect.stringMatching(/^10 snapshots cannot be taken/),
    ]),
  );
  expect(await found("s4.prototxt")).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^2 test_interval must be greater than 0/),
      expect.stringMatching(/^4 lr_policy "poly" without power/),
      expect.stringMatching(/^6 unknown solver type "NESTEROV".*did you mean "Nesterov"/),
    ]),
  );
});

describe("the states of a solver's nets", () => {
  const net = fileURLToPath(new URL("../cases/other-phase/n.prototxt", import.meta.url));
  const common = `net: ${JSON.stringify(net)} base_lr: 1 max_iter: 1 lr_policy: "fixed" snapshot_after_train: false`;
  const errorsWith = async (solver: string, options: LintOptions = {}) =>
    (await lint(net, { ...options, solver: `${common} ${solver}\n` })).findings.flatMap(({ rule, message, line }) =>
      rule === "unknown-bottom" ? [`${line} ${message.replace(/^.*makes /, "")}`] : [],
    );

  test("one test net of two lacks the blob, and the finding says which, and where the blob is made", async () => {
    const solver =
      'test_iter: 1 test_iter: 2 test_interval: 5 train_state { stage: "s0" } test_state { stage: "s0" } test_state { level: 2 }';
    expect(await errorsWith(solver)).toEqual([
      expect.stringMatching(
        /^3 in test net #1, phase TEST, level 2; layer "f0" \(.*n\.prototxt:2:1\) produces it where stage: "s0" holds$/,
      ),
    ]);
    expect(await errorsWith(solver.replace("{ level: 2 }", '{ stage: "s0" stage: "on-train" }'))).toEqual([]);
  });

  test("the training net has its own state", async () => {
    expect(await errorsWith('test_iter: 1 test_interval: 5 test_state { stage: "s0" }')).toEqual([
      expect.stringMatching(/^3 in the training net, phase TRAIN; /),
    ]);
  });

  test("the state that is asked for, without a solver or against its states", async () => {
    const found = async (options: LintOptions) => (await lint(net, options)).findings.map(({ rule }) => rule);
    expect(await found({ stages: ["s0"] })).not.toContain("unknown-bottom");
    expect(await found({ phase: "TRAIN", level: 1 })).toContain("unknown-bottom");
    expect(await errorsWith("", { stages: ["s0"] })).toEqual([]);
  });
});
