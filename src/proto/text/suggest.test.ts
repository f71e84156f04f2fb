import { expect, test } from "vitest";
import { LayerParameterSchema } from "../gen/caffe_pb.js";
import { layoutOf } from "./layout.js";
import { hintFor } from "./suggest.js";

test("distinguishes fields of forks from typos", () => {
  const { byName } = layoutOf(LayerParameterSchema);
  for (const fork of ["grn_param", "glu_param", "permute_param", "upsample_param", "flip_param"]) {
    expect(hintFor(fork, LayerParameterSchema, byName)).toBe("");
  }
  expect(hintFor("botom", LayerParameterSchema, byName)).toBe("; did you mean bottom?");
  expect(hintFor("x".repeat(1000), LayerParameterSchema, byName)).toBe("");
});

test("names the fields whose message has it", () => {
  const { byName } = layoutOf(LayerParameterSchema);
  expect(hintFor("use_global_stats", LayerParameterSchema, byName)).toBe("; it is a field of batch_norm_param");
  expect(hintFor("lr_mult", LayerParameterSchema, byName)).toBe("; it is a field of param");
});
