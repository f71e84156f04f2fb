import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "#platform": new URL("./src/platform/node/index.ts", import.meta.url).pathname } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
  },
});
