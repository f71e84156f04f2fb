import { create } from "@bufbuild/protobuf";
import { afterEach, expect, test, vi } from "vitest";
import type { Solver } from "../index.js";
import { SolverParameterSchema } from "../proto/gen/caffe_pb.js";
import { Progress } from "./progress.js";

afterEach(() => void vi.restoreAllMocks());

test("the line keeps up with the iterations, however much is logged", () => {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const iterated: ((event: { iter: number; smoothedLoss: number; lr: number }) => void)[] = [];
  const solver = {
    iter: 0,
    lr: 0.1,
    net: { name: "n" },
    param: create(SolverParameterSchema, { maxIter: 100 }),
    on(name: string, handler: (typeof iterated)[0]) {
      if (name === "iteration") iterated.push(handler);
    },
  };
  const shown: string[] = [];
  const stream = { columns: 80, write: (text: string) => shown.push(text) };
  const progress = new Progress(stream as unknown as NodeJS.WriteStream);
  progress.follow(solver as unknown as Solver);
  for (let iter = 0; iter < 20; iter++) {
    now += 60;
    iterated[0]?.({ iter, smoothedLoss: 1, lr: 0.1 });
    const before = shown.length;
    progress.log("info", "solver.cpp:239", `Iteration ${iter}, loss = 1`);
    expect(shown.length).toBe(before);
  }
  expect(shown.at(-1)).toContain(" 20/100  loss 1");
});
