import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: {
      "#platform": new URL("./src/platform/node/index.ts", import.meta.url).pathname,
      "#threads": new URL("./src/engines/wasm/threads/spawn-node.ts", import.meta.url).pathname,
      "#blas": new URL("./src/engines/wasm/blas/find-node.ts", import.meta.url).pathname,
    },
  },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // One world for all files of a worker: importing the sources anew for each would take longer than the tests.
    isolate: false,
    // On two cores vitest would leave one to itself.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    testTimeout: 120_000,
  },
});
