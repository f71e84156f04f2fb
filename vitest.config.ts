import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

/** Tests of what needs relaxed SIMD, which Node has without being asked from version 22 on. */
const relaxed = "test/relaxed/**/*.test.ts";
const hasRelaxedSimd = Number(process.versions.node.split(".")[0]) >= 22;

export default defineConfig({
  resolve: {
    alias: {
      // Tests of the page use the sources, as all others.
      "moka-caffe/worker": new URL("./src/worker.ts", import.meta.url).pathname,
      "moka-caffe": new URL("./src/index.ts", import.meta.url).pathname,
      "#platform": new URL("./src/platform/node/index.ts", import.meta.url).pathname,
      "#threads": new URL("./src/engines/wasm/threads/spawn-node.ts", import.meta.url).pathname,
      "#worker": new URL("./src/platform/node/start-worker.ts", import.meta.url).pathname,
      "#blas": new URL("./src/engines/wasm/blas/find-node.ts", import.meta.url).pathname,
    },
  },
  test: {
    // One world for all files of a worker: importing the sources anew for each would take longer than the tests.
    isolate: false,
    // On two cores vitest would leave one to itself.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Of the tests of a file that may run at the same time.
    maxConcurrency: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: "main",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "studio/src/**/*.test.ts"],
          exclude: [...configDefaults.exclude, relaxed],
        },
      },
      {
        extends: true,
        test: {
          name: "relaxed",
          include: [relaxed],
          execArgv: hasRelaxedSimd ? [] : ["--experimental-wasm-relaxed-simd"],
        },
      },
    ],
  },
});
