import { expect, test, vi } from "vitest";
import type { Engine } from "./engine.js";
import type { Program } from "./program.js";
import { Runner } from "./run.js";

test("kernels run together once their trials are done, even if the first run was slow", async () => {
  let [time, run] = [performance.now(), 0];
  const pieces: [number, number][] = [];
  const engine = {
    compile: () => ({
      run: (from: number, to: number) => {
        time += (to - from) * (run === 0 ? 30 : 1);
        pieces.push([from, to]);
      },
      release() {},
    }),
  } as unknown as Engine;
  const steps = Array.from({ length: 12 }, () => ({ kind: "kernel", layer: 0 }));
  const runner = new Runner({ steps } as unknown as Program, engine);
  vi.spyOn(performance, "now").mockImplementation(() => time);
  for (; run < 4; run++) {
    pieces.length = 0;
    await runner.run(0, 0);
  }
  vi.restoreAllMocks();
  // Pieces of at most 10 ms, of kernels that take 1 ms each.
  expect(pieces).toEqual([
    [0, 10],
    [10, 12],
  ]);
});
