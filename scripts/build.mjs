// Builds dist/: first the kernels and codecs, then the TypeScript. Files in dist/ whose source is gone are removed. `--clean` deletes
// dist/ and build/ before.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (script, ...args) => execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });

if (process.argv.includes("--clean"))
  for (const folder of ["dist", "build"]) rmSync(`${root}${folder}`, { recursive: true, force: true });
run("scripts/build-wasm.mjs");
run("scripts/build-codecs.mjs");
run("node_modules/@typescript/native/bin/tsc", "-b", "tsconfig.src.json");

const sourceOf = (path) => `${root}src/${path.replaceAll("\\", "/").replace(/(?:\.d)?\.[jt]s$/, ".ts")}`;
for (const path of readdirSync(`${root}dist`, { recursive: true })) {
  const isBuilt = /\.(?:[jt]s|map)$/.test(path) && !/^bin[\\/]/.test(path);
  if (isBuilt && !existsSync(sourceOf(path))) rmSync(`${root}dist/${path}`);
}
