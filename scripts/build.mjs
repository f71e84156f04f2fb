// Builds dist/: first the kernels and codecs, then the TypeScript. `--clean` deletes dist/ and build/ before.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (script, ...args) => execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });

if (process.argv.includes("--clean"))
  for (const folder of ["dist", "build"]) rmSync(`${root}${folder}`, { recursive: true, force: true });
run("scripts/build-wasm.mjs");
run("scripts/build-codecs.mjs");
run("node_modules/@typescript/native/bin/tsc", "-b", "tsconfig.src.json");
