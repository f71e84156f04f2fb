// Compiles assembly/ to two WebAssembly modules and writes them, as text, to src/engines/wasm/gen/: module.ts with SIMD, and
// module-relaxed.ts with relaxed SIMD, which multiplies and adds in one instruction. A module that is up to date stays as it is.
//
//   --quick       compiles without optimization, and only the module that this Node runs
//   --dry-run     only says which modules are out of date
//   --out FOLDER  writes there instead
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { deflateSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const compiler = join(root, "node_modules", "assemblyscript");
const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    "dry-run": { type: "boolean", default: false },
    out: { type: "string", default: join(root, "src", "engines", "wasm", "gen") },
  },
});

// Assertions are off. There is no runtime: TypeScript allocates the memory, so kernels need no heap. Warning 112 is about v128
// parameters of exported functions; here these functions are only called by other kernels, never by JavaScript.
const flags =
  `${options.quick ? "-O0" : "-O3"} --noAssert --runtime stub --importMemory --initialMemory 1 --maximumMemory 65536 ` +
  "--sharedMemory --enable simd --enable threads --disableWarning 112";

const sources = readdirSync(join(root, "assembly"))
  .filter((name) => name.endsWith(".ts"))
  .sort()
  .map((name) => join(root, "assembly", name));

const plain = moduleOf("module.ts", flags);
const relaxed = moduleOf("module-relaxed.ts", `${flags} --enable relaxed-simd`);
// Node has relaxed SIMD without being asked from version 22 on.
const hasRelaxedSimd = Number(process.versions.node.split(".")[0]) >= 22;
const wanted = options.quick ? [hasRelaxedSimd ? relaxed : plain] : [plain, relaxed];
const outdated = wanted.filter(({ file, hash }) => !existsSync(file) || !readFileSync(file, "utf8").includes(hash));
const names = (modules) => modules.map(({ file }) => basename(file)).join(", ");

if (outdated.length === 0) {
  console.log("wasm kernels: up to date");
} else if (options["dry-run"]) {
  console.log(`wasm kernels: out of date: ${names(outdated)}`);
} else {
  const start = performance.now();
  mkdirSync(options.out, { recursive: true });
  await Promise.all(outdated.map(build));
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const how = options.quick ? "compiled without optimization" : "compiled";
  console.log(`wasm kernels: ${names(outdated)} ${how} in ${seconds} s`);
}

/** A module's file, its compiler flags, and the hash of all that it is made from: sources, this script, compiler and flags. */
function moduleOf(name, flags) {
  const hash = createHash("sha256").update(flags);
  for (const file of [...sources, join(compiler, "package.json"), fileURLToPath(import.meta.url)]) {
    // Line ends may differ between checkouts. The names of files are not part of the hash.
    hash.update(readFileSync(file, "utf8").replaceAll("\r\n", "\n"));
  }
  return { file: join(options.out, name), flags, hash: hash.digest("hex") };
}

async function build({ file, flags, hash }) {
  writeFileSync(file, moduleText(await compile(flags), hash));
}

async function compile(flags) {
  const temporary = mkdtempSync(join(tmpdir(), "moka-wasm-"));
  const output = join(temporary, "kernels.wasm");
  const args = [join("assembly", "index.ts"), "-o", output, ...flags.split(" ")];
  try {
    const asc = join(compiler, "bin", "asc.js");
    const { stderr: warnings } = await promisify(execFile)(process.execPath, [asc, ...args], { cwd: root });
    if (options.quick) process.stderr.write(warnings);
    return readFileSync(output);
  } catch (error) {
    console.error(`${error.stdout ?? ""}${error.stderr ?? error}`);
    process.exit(1);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The index of the byte that says whether the memory that the module imports is shared. */
function sharedFlag(bytes) {
  const entry = Buffer.from("\x03env\x06memory\x02\x03", "latin1");
  const at = bytes.indexOf(entry);
  if (at < 0 || bytes.indexOf(entry, at + 1) >= 0) throw new Error("the module does not import env.memory, shared");
  return at + entry.length - 1;
}

function moduleText(bytes, hash) {
  return `// Made by scripts/build-wasm.mjs; not to be edited.

// The types are written out: a declaration would repeat the text.
/** The hash of the sources in assembly/, the compiler and its flags. */
export const sourcesHash = "${hash}";
/** The index of the byte that says whether the memory is shared: 3 if it is, as here, 1 if not. */
export const sharedFlag = ${sharedFlag(bytes)};
/** The module, deflated, in Base64. */
export const text: string =
  "${deflateSync(bytes, { level: 9 }).toString("base64")}";
`;
}
