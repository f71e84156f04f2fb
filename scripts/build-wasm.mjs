// Compiles assembly/ to WebAssembly and writes it, as text, to src/engines/wasm/gen/module.ts: once for a memory that
// threads can share, once for one that they cannot. Does nothing when the sources are what they were.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = join(root, "node_modules", "assemblyscript");
const folder = join(root, "src", "engines", "wasm", "gen");
const target = join(folder, "module.ts");

// Assertions off, and no runtime: kernels have no heap, as TypeScript gives the memory out. Warning 112 is about
// v128 parameters of inner functions, which the compiler takes for exports, since their files export them.
const flags =
  "-O3 --noAssert --runtime stub --importMemory --initialMemory 1 --maximumMemory 65536 --sharedMemory " +
  "--enable simd --enable threads --disableWarning 112";

const sources = readdirSync(join(root, "assembly"))
  .filter((name) => name.endsWith(".ts"))
  .sort()
  .map((name) => join(root, "assembly", name));
const hash = hashOf([...sources, join(compiler, "package.json"), fileURLToPath(import.meta.url)]);
if (existsSync(target) && readFileSync(target, "utf8").includes(hash)) {
  console.log("wasm kernels: up to date");
} else {
  const start = performance.now();
  const shared = compile();
  mkdirSync(folder, { recursive: true });
  writeFileSync(target, moduleText({ shared, unshared: unshare(shared) }));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`wasm kernels: compiled in ${seconds} s, ${Math.round(shared.length / 1024)} KiB`);
}

/** Line ends may differ between checkouts; names of files do not count. */
function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file, "utf8").replaceAll("\r\n", "\n"));
  return hash.digest("hex");
}

function compile() {
  const temporary = mkdtempSync(join(tmpdir(), "moka-wasm-"));
  const output = join(temporary, "kernels.wasm");
  const args = [join("assembly", "index.ts"), "-o", output, ...flags.split(" ")];
  try {
    execFileSync(process.execPath, [join(compiler, "bin", "asc.js"), ...args], { cwd: root, stdio: "pipe" });
    return readFileSync(output);
  } catch (error) {
    console.error(`${error.stdout}${error.stderr}`);
    process.exit(1);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The kernels use no atomics: modules for the two kinds of memory differ in one flag, where memory is imported. */
function unshare(bytes) {
  const entry = Buffer.from("\x03env\x06memory\x02\x03", "latin1");
  const at = bytes.indexOf(entry);
  if (at < 0 || bytes.indexOf(entry, at + 1) >= 0) throw new Error("the module does not import env.memory, shared");
  const copy = Buffer.from(bytes);
  copy[at + entry.length - 1] = 1;
  return copy;
}

function moduleText(modules) {
  const constants = Object.entries(modules).map(
    ([name, bytes]) => `export const ${name} =\n  "${bytes.toString("base64")}";\n`,
  );
  return `// Made by scripts/build-wasm.mjs; not to be edited.

/** Of the sources in assembly/, the compiler and its flags. */
export const sourcesHash = "${hash}";
${constants.join("")}`;
}
