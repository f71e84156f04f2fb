// `npm run build:studio`: builds Moka Studio into studio/dist/, a static site that any web server can serve. `--out FOLDER` builds
// elsewhere. It needs dist/, which `npm run build` makes.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({ options: { out: { type: "string", default: join(root, "studio", "dist") } } });

await build({
  root: join(root, "studio"),
  base: "./",
  configFile: false,
  logLevel: "warn",
  // Moka's worker is a module, whose parts are loaded when they are needed.
  worker: { format: "es" },
  build: {
    outDir: values.out,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 10_000,
    // Scripts and styles come from the page's own server alone, as its policy says; so no file is put into another as an address.
    assetsInlineLimit: 0,
  },
});
