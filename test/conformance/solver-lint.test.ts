// What building a solver refuses, lint says: in the same words, at the same place.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lint, MokaError, Solver } from "../../src/index.js";

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
