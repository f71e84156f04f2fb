// The doctor is right about causes that are planted into two small nets; `npm run causes` tries all kinds on six. The doctor is that of dist/.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

interface Result {
  readonly net: string;
  readonly kind: string;
  readonly variant: string;
  readonly verdict: string;
  readonly reasons: readonly string[];
}

test("names or rightly refuses nearly all planted causes, and states nothing as fact that is not so", () => {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, ["scripts/planted-causes.mjs", "--quick", "--json"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    env: { ...process.env, FORCE_COLOR: "0" },
  });
  expect(stderr).toBe("");
  const { cases, share, wrong, results } = JSON.parse(stdout);
  const misjudged = (results as Result[])
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ net, kind, variant, reasons }) => `${net}, ${kind}, ${variant}: ${reasons.join("; ")}`);
  expect(cases).toBeGreaterThan(20);
  expect(wrong, misjudged.join("\n")).toBe(0);
  expect(share, misjudged.join("\n")).toBeGreaterThanOrEqual(0.95);
});
