// `scripts/ranks.mjs equal` tries more nets, solvers, numbers of ranks and engines; this is its quick choice.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { launcherOf, mpiKinds } from "./mpirun.js";

interface Row {
  readonly size: number;
  readonly first: number;
  readonly last: number;
  readonly weights: number;
  readonly averages: number;
}

const root = fileURLToPath(new URL("../../", import.meta.url));

for (const mpi of mpiKinds) {
  // Skipped where this MPI is not installed; MOKA_REQUIRE_MPI=1 makes that an error.
  describe.skipIf(launcherOf(mpi) === undefined)(`ranks of ${mpi} with --sync-bn`, () => {
    it("train as one process with all their batches", () => {
      const args = ["scripts/ranks.mjs", "equal", "--quick", "--json", "--mpi", mpi];
      const { rows } = JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" }));
      expect((rows as Row[]).map(({ size }) => size)).toEqual([2, 3]);
      for (const { size, first, last, weights, averages } of rows as Row[]) {
        expect(first, `${size} ranks`).toBeLessThan(1e-5);
        expect(last, `${size} ranks`).toBeLessThan(1e-4);
        expect(weights, `${size} ranks`).toBeLessThan(1e-3);
        expect(averages, `${size} ranks`).toBeLessThan(1e-5);
      }
    });
  });
}
