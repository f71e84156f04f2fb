// `npm run kernel -- relu reluBackward` compiles assembly/ without optimization, to the one module that this Node runs, and runs
// the cases of these kernels in test/kernels. The next `npm test` or `npm run build` replaces the module by the optimized one.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const kernels = process.argv.slice(2);
if (kernels.length === 0 || kernels.some((name) => name.startsWith("-"))) {
  console.error("usage: npm run kernel -- KERNEL...   as in: npm run kernel -- relu reluBackward");
  process.exit(2);
}
const root = fileURLToPath(new URL("..", import.meta.url));
const run = (script, ...args) =>
  execFileSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, MOKA_KERNELS: kernels.join(" ") },
  });
try {
  run("scripts/build-wasm.mjs", "--quick");
  run("node_modules/vitest/vitest.mjs", "run", "--project", "main", "test/kernels/kernels.test.ts");
} catch {
  process.exitCode = 1; // The failed command has printed the reason.
}
