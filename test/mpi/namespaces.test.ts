import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { launcherOf, mpiKinds, mpirun, startRanks } from "./mpirun.js";
import { twoHosts } from "./namespaces.js";

const script = (name: string) => fileURLToPath(new URL(`ranks/${name}.mjs`, import.meta.url));
const hosts = twoHosts();

afterAll(() => hosts?.remove());

for (const kind of mpiKinds) {
  // Skipped where this MPI is not installed, or where network namespaces cannot be made: that needs the rights of root.
  describe.skipIf(!hosts || launcherOf(kind) === undefined)(`two hosts with ${kind}`, () => {
    it("give the same sums", async () => {
      if (!hosts) return;
      const run = { options: hosts.options(kind, 1), within: hosts.launchOnFirst, limit: 60 };
      const { code, output, ranks } = await mpirun(kind, 2, [process.execPath, script("collectives")], run);
      expect(code, output).toBe(0);
      const results = ranks.map(({ out }) => /results: ([0-9a-f]{64})/.exec(out)?.[1]);
      expect(results[0], output).toBeDefined();
      expect(results[1], output).toBe(results[0]);
    });
  });
}

for (const kind of mpiKinds) {
  const cutHosts = launcherOf(kind) === undefined ? undefined : hosts;
  describe.skipIf(!cutHosts)(`two hosts with ${kind} whose network is cut`, () => {
    it("end within 10 s, and each names the other", async () => {
      if (!cutHosts) return;
      const run = { options: cutHosts.options(kind, 1), within: cutHosts.launchOnFirst, limit: 30 };
      const running = startRanks(kind, 2, [process.execPath, script("failing"), "run", "9"], run);
      await Promise.all([running.line(0, /running/), running.line(1, /running/)]);
      const began = performance.now();
      cutHosts.cut();
      const { code, output, ranks } = await running.done;
      expect(code, output).not.toBe(0);
      expect(ranks[0]?.out, output).toMatch(
        /MOKA_RANK: rank 1 of 2 \(host host-b, process \d+\) has not been heard of for 3 s/,
      );
      expect((performance.now() - began) / 1000).toBeLessThan(10);
      await delay(0);
    });
  });
}
