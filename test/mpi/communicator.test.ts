import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { launcherOf, mpiKinds, mpirun } from "./mpirun.js";

const script = (name: string) => fileURLToPath(new URL(`ranks/${name}.mjs`, import.meta.url));

for (const kind of mpiKinds) {
  // Skipped where this MPI is not installed; MOKA_REQUIRE_MPI=1 makes that an error.
  describe.skipIf(launcherOf(kind) === undefined)(`ranks of ${kind}`, () => {
    it.each([2, 3, 4])("%i ranks reduce, broadcast and gather, and all get the same bits", async (size) => {
      const { code, output, ranks } = await mpirun(kind, size, [process.execPath, script("collectives")]);
      expect(code, output).toBe(0);
      const results = ranks.map(({ out }) => /results: (.*)/.exec(out)?.[1]);
      expect(new Set(results).size, output).toBe(1);
      expect(results[0], output).toMatch(/^[0-9a-f]{64}$/);
      for (const { out } of ranks) expect(out).toContain("closed");
    });
  });
}
