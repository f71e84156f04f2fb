// `scripts/ranks.mjs` also kills at 50 random moments; it has what must hold after each failure.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { launcherOf, mpiKinds } from "./mpirun.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Failures that are quick on both MPIs, and those that need only one. */
const tried = {
  openmpi: ["killed", "stopped", "disk", "solver", "NaN"],
  mpich: ["killed", "Ctrl-C", "no data"],
};

for (const mpi of mpiKinds) {
  describe.skipIf(launcherOf(mpi) === undefined)(`moka train on ranks of ${mpi}`, () => {
    it.each(tried[mpi])("ends as it must: %s", (only) => {
      const args = ["scripts/ranks.mjs", "failures", "--json", "--mpi", mpi, "--only", only];
      const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
      const [result, ...others] = JSON.parse(stdout || "[]");
      expect(others).toEqual([]);
      expect(result?.verdict, stderr).toMatch(/^(ok|skipped: .*)$/);
    });
  });
}
