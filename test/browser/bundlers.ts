/** How a page that imports the package is bundled by each bundler: with nothing more than README.md's table says. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";

/** Bundles `page.js`, and `worker.js` and `moka.js` that it starts, of the folder `app` into the folder `out`. */
export type Bundler = (app: string, out: string) => Promise<unknown>;

const entries = ["page", "worker", "moka"];
const inputs = (app: string) => Object.fromEntries(entries.map((name) => [name, join(app, `${name}.js`)]));
const copyPage = (app: string, out: string) => copyFileSync(join(app, "index.html"), join(out, "index.html"));

export const bundlers: Readonly<Record<string, Bundler>> = {
  async esbuild(app, out) {
    const { build } = await import("esbuild");
    const entryPoints = Object.values(inputs(app));
    await build({
      entryPoints,
      outdir: out,
      bundle: true,
      format: "esm",
      splitting: true,
      minify: true,
      logLevel: "error",
    });
    copyPage(app, out);
  },
  async rolldown(app, out) {
    const { rolldown } = await import("rolldown");
    const bundle = await rolldown({ input: inputs(app), platform: "browser", logLevel: "silent" });
    await bundle.write({ dir: out, format: "esm", minify: true });
    copyPage(app, out);
  },
  async rollup(app, out) {
    const { rollup } = await import("rollup");
    const { nodeResolve } = await import("@rollup/plugin-node-resolve");
    const plugins = [nodeResolve({ browser: true })];
    const bundle = await rollup({ input: inputs(app), plugins, onwarn: () => {} });
    await bundle.write({ dir: out, format: "esm" });
    copyPage(app, out);
  },
  async vite(app, out) {
    const { build } = await import("vite");
    await build({
      root: app,
      base: "./",
      configFile: false,
      logLevel: "error",
      worker: { format: "es" },
      build: { outDir: out, emptyOutDir: true, target: "es2022" },
    });
  },
  async webpack(app, out) {
    const { default: webpack } = await import("webpack");
    const compiler = webpack({
      mode: "production",
      context: app,
      entry: "./page.js",
      optimization: { minimize: false },
      output: { path: out, filename: "page.js", publicPath: "auto" },
    });
    await new Promise<void>((resolve, reject) => {
      compiler.run((error, stats) => {
        if (error || stats?.hasErrors()) reject(error ?? new Error(stats?.toString({ all: false, errors: true })));
        else resolve();
      });
    });
    copyPage(app, out);
  },
};
