// `npm run example:browser`: builds the page of examples/browser/ into build/browser-example/, with digits to learn from, and serves
// it. `--no-serve` only builds; `--out FOLDER` builds elsewhere.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, preview } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({
  options: {
    out: { type: "string", default: `${root}build/browser-example` },
    serve: { type: "boolean", default: true },
  },
  allowNegative: true,
});

const config = {
  root: `${root}examples/browser`,
  base: "./",
  configFile: false,
  logLevel: "error",
  // Moka's worker is a module, whose parts are loaded when they are needed.
  worker: { format: "es" },
  build: { outDir: values.out, emptyOutDir: true, target: "es2022" },
};
await build(config);

const { main } = await import("../dist/cli/program.js");
await main(["digits", `${values.out}/digits`, "--train", "3000", "--test", "500"]);

if (values.serve) {
  // What lets a page share memory, and Moka run on all cores.
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = await preview({ ...config, preview: { headers } });
  console.log(`The page: ${server.resolvedUrls.local[0]} (Ctrl-C ends the server)`);
}
