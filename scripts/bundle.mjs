// Bundles the command line into a few files: dist/bin/moka.js, and the files that its commands load. Without the bundle Node
// needs more time to find and link three hundred small modules than most commands need for their work. The input is dist/, which
// scripts/build.mjs makes. `--out FOLDER` writes to another folder.
import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const own = join(root, "dist", "bin");
const { values } = parseArgs({ options: { out: { type: "string", default: own } } });

// Only this dependency is bundled: nearly all commands load it, and it has nearly eighty modules. Its license and notices are in
// its package, which stays a dependency.
const bundled = "@bufbuild/protobuf";
const isOwn = (id) => id.startsWith(".") || id.startsWith("/") || id.startsWith("#") || id.startsWith(bundled);

/** The kernels are loaded from where the library has them: each of the two modules takes a fifth of the package. */
function kernelsFrom(id) {
  const path = relative(values.out, join(root, "dist", "engines", "wasm", id)).replaceAll("\\", "/");
  return { id: path, external: true };
}

const bundle = await rolldown({
  cwd: root,
  input: { moka: join(root, "dist", "cli", "main.js") },
  platform: "node",
  plugins: [{ name: "kernels", resolveId: (id) => (id.startsWith("./gen/module") ? kernelsFrom(id) : undefined) }],
  external: (id) => !isOwn(id) && !/^[A-Za-z]:[\\/]/.test(id),
});
rmSync(values.out, { recursive: true, force: true });
await bundle.write({
  dir: values.out,
  format: "esm",
  minify: { compress: false, mangle: { keepNames: true }, codegen: { removeWhitespace: true } },
  chunkFileNames: "[name]-[hash].js",
  postBanner: (chunk) =>
    Object.keys(chunk.modules ?? {}).some((id) => id.includes(bundled))
      ? `/* Contains ${bundled}, Copyright Buf Technologies, Inc. and Google LLC, Apache-2.0 and BSD-3-Clause. */`
      : "",
});
if (values.out === own) await import("./npmignore.mjs");
