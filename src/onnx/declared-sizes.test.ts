import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { DeclaredSizes } from "./declared-sizes.js";
import { GraphProtoSchema } from "./gen/onnx_pb.js";
import { valueInfo } from "./model.js";

const sizes = new DeclaredSizes(
  create(GraphProtoSchema, {
    input: [valueInfo("x", ["N", 3])],
    output: [valueInfo("y", ["4N"])],
    valueInfo: [valueInfo("s", [])],
  }),
);

test("names take the sizes of a run, and multiples of them follow", () => {
  for (const batch of [2, 5]) {
    sizes.begin();
    expect(sizes.conflict("x", [batch, 3])).toBeUndefined();
    expect(sizes.conflict("y", [4 * batch])).toBeUndefined();
    expect(sizes.conflict("y", [4 * batch + 1])).toBe("4N");
  }
});

test("other sizes, and another number of axes, are conflicts; what is not declared is none", () => {
  sizes.begin();
  expect(sizes.conflict("x", [2, 4])).toBe("N × 3");
  expect(sizes.conflict("x", [2, 3, 1])).toBe("N × 3");
  expect(sizes.conflict("s", [1])).toBe("()");
  expect(sizes.conflict("unknown", [7])).toBeUndefined();
});
