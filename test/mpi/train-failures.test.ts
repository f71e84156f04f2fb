// `scripts/ranks.mjs` also kills at 50 random moments; it has what must hold after each failure.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { launcherOf, type MpiKind, mpiKinds } from "./mpirun.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Failures that are quick on both MPIs, and those that need only one. */
const tried = {
  openmpi: ["killed", "stopped", "disk", "solver", "NaN"],
  mpich: ["killed", "Ctrl-C", "no data"],
};

/** What was tried on an MPI, as `--json` prints it, and the script's standard error. */
async function failuresOf(mpi: MpiKind, only: string) {
  const args = ["scripts/ranks.mjs", "failures", "--json", "--mpi", mpi, "--only", only];
  // The script exits with 1 where something does not hold.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root }).catch(
    (error: { readonly stdout: string; readonly stderr: string }) => error,
  );
  return { results: JSON.parse(stdout || "[]"), stderr };
}

for (const mpi of mpiKinds) {
  // Ranks mostly wait here, for each other's timeouts and for launchers: two failures at a time take the cores of one.
  describe.skipIf(launcherOf(mpi) === undefined)(`moka train on ranks of ${mpi}`, { concurrent: true }, () => {
    it.each(tried[mpi])("ends as it must: %s", async (only) => {
      const { results, stderr } = await failuresOf(mpi, only);
      expect(results).toHaveLength(1);
      expect(results[0].verdict, stderr).toMatch(/^(ok|skipped: .*)$/);
    });
  });
}
