import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { launcherOf, type MpiKind, mpiKinds, mpirun, startRanks } from "./mpirun.js";
import { twoHosts } from "./namespaces.js";

const script = (name: string) => fileURLToPath(new URL(`ranks/${name}.mjs`, import.meta.url));
const hosts = twoHosts();

afterAll(() => hosts?.remove());

/** MPICH's UCX 1.13 was seen not to connect over TCP between new namespaces: MPI_Init then fails or hangs. */
const retry = (kind: MpiKind) => ({ retry: kind === "mpich" ? 1 : 0 });

for (const kind of mpiKinds) {
  // Skipped where this MPI is not installed, or where network namespaces cannot be made: that needs the rights of root.
  describe.skipIf(!hosts || launcherOf(kind) === undefined)(`two hosts with ${kind}`, () => {
    it("give the same sums", retry(kind), async () => {
      if (!hosts) return;
      const run = { options: hosts.options(kind, 1), within: hosts.launchOnFirst, limit: 15 };
      const { code, output, ranks } = await mpirun(kind, 2, [process.execPath, script("collectives")], run);
      expect(code, output).toBe(0);
      const results = ranks.map(({ out }) => /results: ([0-9a-f]{64})/.exec(out)?.[1]);
      expect(results[0], output).toBeDefined();
      expect(results[1], output).toBe(results[0]);
    });
  });
}

for (const kind of mpiKinds) {
  describe.skipIf(!hosts || launcherOf(kind) === undefined)(`two hosts with ${kind} whose network is cut`, () => {
    it("end within 10 s, and each names the other", retry(kind), async () => {
      // Hosts of its own: what is left of a cut connection would disturb the next run.
      const own = twoHosts();
      if (!own) return;
      const folder = mkdtempSync(join(tmpdir(), "moka-cut-"));
      const command = ["env", `RANKS_LOG=${folder}`, process.execPath, script("failing"), "run", "9"];
      const run = { options: own.options(kind, 1), within: own.launchOnFirst, limit: 25 };
      const running = startRanks(kind, 2, command, run);
      const said = (rank: number) => {
        const path = join(folder, `rank-${rank}`);
        return existsSync(path) ? readFileSync(path, "utf8") : "";
      };
      const messages: string[] = [];
      try {
        await Promise.all([running.line(0, /running/), running.line(1, /running/)]);
        own.cut();
        const until = performance.now() + 10_000;
        // The launcher itself may wait much longer for the other host.
        while (performance.now() < until && !(said(0) && said(1))) await delay(100);
        messages.push(said(0), said(1));
      } finally {
        running.kill();
        await running.done;
        own.remove();
        rmSync(folder, { recursive: true });
      }
      const what = "has not been heard of for 3 s: it is stopped or hangs, or its host or the network to it is gone";
      expect(messages[0]).toMatch(new RegExp(`^rank 1 of 2 \\(host host-b, process \\d+\\) ${what}`));
      expect(messages[1]).toMatch(new RegExp(`^rank 0 of 2 \\(host host-a, process \\d+\\) ${what}`));
    });
  });
}
