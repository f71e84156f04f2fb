// Compiles assembly/ to WebAssembly and writes it, as text, to src/engines/wasm/gen/: module.ts, and module-relaxed.ts, the same
// with relaxed SIMD, which multiplies and adds in one instruction. Does nothing when the sources are what they were.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = join(root, "node_modules", "assemblyscript");
const folder = join(root, "src", "engines", "wasm", "gen");
const target = join(folder, "module.ts");
const relaxedTarget = join(folder, "module-relaxed.ts");

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
if ([target, relaxedTarget].every((file) => existsSync(file) && readFileSync(file, "utf8").includes(hash))) {
  console.log("wasm kernels: up to date");
} else {
  const start = performance.now();
  const [plain, relaxed] = await Promise.all([compile(flags), compile(`${flags} --enable relaxed-simd`)]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(target, moduleText(plain));
  writeFileSync(relaxedTarget, moduleText(relaxed));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`wasm kernels: compiled in ${seconds} s, ${Math.round(plain.length / 1024)} KiB`);
}

/** Line ends may differ between checkouts; names of files do not count. */
function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file, "utf8").replaceAll("\r\n", "\n"));
  return hash.digest("hex");
}

async function compile(flags) {
  const temporary = mkdtempSync(join(tmpdir(), "moka-wasm-"));
  const output = join(temporary, "kernels.wasm");
  const args = [join("assembly", "index.ts"), "-o", output, ...flags.split(" ")];
  try {
    await promisify(execFile)(process.execPath, [join(compiler, "bin", "asc.js"), ...args], { cwd: root });
    return readFileSync(output);
  } catch (error) {
    console.error(`${error.stdout}${error.stderr}`);
    process.exit(1);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Where the module says that the memory it imports is shared. */
function sharedFlag(bytes) {
  const entry = Buffer.from("\x03env\x06memory\x02\x03", "latin1");
  const at = bytes.indexOf(entry);
  if (at < 0 || bytes.indexOf(entry, at + 1) >= 0) throw new Error("the module does not import env.memory, shared");
  return at + entry.length - 1;
}

function moduleText(bytes) {
  return `// Made by scripts/build-wasm.mjs; not to be edited.

/** Of the sources in assembly/, the compiler and its flags. */
export const sourcesHash = "${hash}";
/** The byte that says whether the memory is shared: 3 if it is, as here, 1 if not. */
export const sharedFlag = ${sharedFlag(bytes)};
export const text =
  "${bytes.toString("base64")}";
`;
}
