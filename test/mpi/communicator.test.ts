import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { launcherOf, mpiKinds, mpirun } from "./mpirun.js";

const script = (name: string) => fileURLToPath(new URL(`ranks/${name}.mjs`, import.meta.url));

for (const kind of mpiKinds) {
  // Skipped where this MPI is not installed; MOKA_REQUIRE_MPI=1 makes that an error.
  // Ranks mostly wait here, for each other's timeouts and for launchers.
  describe.skipIf(launcherOf(kind) === undefined)(`ranks of ${kind}`, { concurrent: true }, () => {
    it.each([2, 3, 4])("%i ranks reduce, broadcast and gather, and all get the same bits", async (size) => {
      // Options of Node that it refuses to give to a thread do not disturb.
      const command = [process.execPath, "--max-old-space-size=1000", script("collectives")];
      const { code, output, ranks } = await mpirun(kind, size, command);
      expect(code, output).toBe(0);
      const results = ranks.map(({ out }) => /results: (.*)/.exec(out)?.[1]);
      expect(new Set(results).size, output).toBe(1);
      expect(results[0], output).toMatch(/^[0-9a-f]{64}$/);
      for (const { out } of ranks) expect(out).toContain("closed");
    });

    // UCX that is not there patches nothing.
    it.each(["no", undefined])("UCX patches no functions of the process (UCX_MEM_EVENTS=%s)", async (events) => {
      const env = { UCX_MEM_EVENTS: events, UCX_MEM_LOG_LEVEL: "debug" };
      const { code, output } = await mpirun(kind, 2, [process.execPath, script("collectives")], { env });
      expect(code, output).toBe(0);
      expect(output).not.toContain("installing bistro hook");
    });

    it("refuses to run under the launcher of another", async () => {
      const [library, name] = kind === "openmpi" ? ["libmpich.so.12", "MPICH"] : ["libmpi.so.40", "Open MPI"];
      if (launcherOf(kind === "openmpi" ? "mpich" : "openmpi") === undefined) return;
      const { code, output } = await mpirun(kind, 2, [process.execPath, script("collectives")], {
        env: { MOKA_MPI: library },
      });
      expect(code, output).not.toBe(0);
      expect(code, output).not.toBe(null);
      const launcher = kind === "openmpi" ? "Open MPI's mpirun" : "MPICH's mpirun";
      expect(output).toMatch(
        new RegExp(
          `${launcher} started 2 processes, but ${name} [\\w.]+ \\(${library}\\) sees 1: it is not the launcher's`,
        ),
      );
      expect(output).toContain(`or name the library of ${launcher} in MOKA_MPI`);
    });

    it("a process without a launcher is the one rank", async () => {
      const library = kind === "openmpi" ? "libmpi.so.40" : "libmpich.so.12";
      const env = { ...process.env, MOKA_MPI: library };
      const { stdout } = await promisify(execFile)(process.execPath, [script("alone")], { env, timeout: 30_000 });
      expect(stdout).toMatch(new RegExp(`^1 ${kind === "openmpi" ? "Open MPI" : "MPICH"} .* closed\n$`));
    });

    const told = "ended: out of memory\\n\\u001b[31m";
    const died = "ended without a word: it was killed or crashed";
    const late = /has not made call \d+, in which rank \d of 4 \(host .*, process \d+\) has waited for 3 s/;
    it.each([
      ["throws", "fail", 1, told],
      ["is killed", "kill", 2, died],
      ["is killed, the first", "kill", 0, died],
      ["ends in the middle", "exit", 3, died],
      ["is stopped", "stop", 1, "has not been heard of for 3 s: its process is stopped"],
      ["is stopped, the first", "stop", 0, "has not been heard of for 3 s: its process is stopped"],
      ["computes without end", "busy", 2, late],
      ["makes no more calls", "late", 3, late],
    ])("a rank that %s: all end with the same message", async (_, mode, who, what) => {
      const command = [process.execPath, script("failing"), mode, String(who)];
      const { code, output, ranks, seconds } = await mpirun(kind, 4, command, { limit: 20 });
      expect(code, output).not.toBe(0);
      expect(code, output).not.toBe(null);
      const said = ranks.map(({ out, err }) =>
        /MOKA_RANK: (.*)|ends because (rank .*)/
          .exec(out + err)
          ?.slice(1)
          .join(""),
      );
      const others = said.filter((message, rank) => rank !== who && message !== undefined);
      // MPICH's mpirun kills the others within milliseconds where a rank died of a signal: they may not come to speak, or see one of
      // those that were killed before they see the first.
      if (kind === "mpich" && mode === "kill") {
        expect(output).toContain("Killed (signal 9)");
        for (const message of others) expect(message).toMatch(/^rank \d of 4 .*ended without a word/);
        return;
      }
      expect(others.length, output).toBeGreaterThanOrEqual(3);
      expect(new Set(others).size, output).toBe(1);
      expect(others[0]).toMatch(new RegExp(`^rank ${who} of 4 \\(host .*, process \\d+\\) `));
      if (typeof what === "string") expect(others[0]).toContain(what);
      else expect(others[0]).toMatch(what);
      expect(seconds).toBeLessThan(mode === "kill" || mode === "exit" || mode === "fail" ? 10 : 13);
    });
  });
}
