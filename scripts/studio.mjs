// `npm run build:studio`: builds Moka Studio into studio/dist/, a static site that any web server can serve, and beside it
// studio/dist-element/moka-net.js, the element <moka-net> in one file. `--out FOLDER` builds elsewhere (the element into
// FOLDER-element), `--no-element` the site alone. It needs dist/, which `npm run build` makes.
import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    out: { type: "string", default: join(root, "studio", "dist") },
    element: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const hdf5 = dirname(fileURLToPath(import.meta.resolve("h5wasm")));

/** What the page leaves out of Moka, or has in files of its own. */
const parts = {
  name: "parts",
  enforce: "pre",
  resolveId(id) {
    // HDF5 is larger than all else, and few need it: its own files lie beside the others, as its package has them.
    if (id === "h5wasm") return { id: "./h5wasm/hdf5_hl.js", external: true };
    // ONNX Runtime is for those who install it beside Moka.
    if (id.startsWith("onnxruntime")) return "\0absent-onnxruntime";
    return id.endsWith("gen/jpeg-encoder.js") ? "\0absent-jpeg-encoder" : undefined;
  },
  load(id) {
    if (!id.startsWith("\0absent-")) return undefined;
    return `throw new Error("Moka Studio has no ${id.slice("\0absent-".length)}");\nexport const text = "";\n`;
  },
  transform(code, id) {
    // The codecs get their WebAssembly from Moka. What they would load themselves is not needed.
    return id.includes("@jsquash")
      ? code.replaceAll(/new URL\("[^"]+\.wasm",\s*import\.meta\.url\)/g, '({ href: "" })')
      : undefined;
  },
};

/** The element has its worker inside, and no HDF5: one file cannot load another that it may not find. */
const inOneFile = {
  name: "in-one-file",
  enforce: "pre",
  resolveId: (id) => (id === "h5wasm" ? "\0absent-h5wasm" : id === "#worker" ? "\0absent-worker" : undefined),
  load: (id) => (id === "\0absent-worker" ? "export const startWorker = () => undefined;" : undefined),
};

await build({
  root: join(root, "studio"),
  base: "./",
  configFile: false,
  logLevel: "error",
  plugins: [parts],
  // Moka's worker is a module, whose parts are loaded when they are needed.
  worker: { format: "es", plugins: () => [parts] },
  build: {
    outDir: values.out,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    // Scripts and styles come from the page's own server alone, as its policy says; so no file is put into another as an address.
    assetsInlineLimit: 0,
  },
});
const to = join(values.out, "assets", "h5wasm");
mkdirSync(to, { recursive: true });
for (const file of readdirSync(hdf5)) copyFileSync(join(hdf5, file), join(to, file));

if (values.element) {
  await build({
    root: join(root, "studio"),
    publicDir: false,
    configFile: false,
    logLevel: "error",
    plugins: [inOneFile, parts],
    worker: {
      format: "iife",
      plugins: () => [inOneFile, parts],
      rolldownOptions: { output: { codeSplitting: false } },
    },
    build: {
      outDir: `${values.out}-element`,
      emptyOutDir: true,
      target: "es2022",
      lib: { entry: "element/moka-net.ts", formats: ["es"], fileName: () => "moka-net.js" },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
}
