// What README.md and docs/lint.md show of the output of `moka lint` and `moka fix` is what they print.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { moka } from "../cli.js";

const net = `name: "digits"
layer {
  name: "data"
  type: "Data"
  top: "data"
  top: "label"
  data_param { source: "train_lmdb" batch_size: 64 backend: LMDB }
}
layer {
  name: "conv1"
  type: "Convolution"
  bottom: "data"
  top: "conv1"
  convolution_param { num_output: 20 kernel_size: 5 weight_filler { type: "msra" } bias_term: false }
}
layer {
  name: "bn1"
  type: "BatchNorm"
  bottom: "conv1"
  top: "conv1"
  batch_norm_param { use_global_stats: true }   # copied from the deploy net
}
layer {
  name: "scale1"
  type: "Scale"
  bottom: "conv1"
  top: "conv1"
}
layer {
  name: "fc"
  type: "InnerProduct"
  bottom: "conv1"
  top: "fc"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
`;
const folder = mkdtempSync(join(tmpdir(), "moka-samples-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a command prints of the net, with its file's name without the folder. */
async function printed(...args: readonly string[]): Promise<string> {
  const file = join(folder, "train_val.prototxt");
  writeFileSync(file, net);
  const { out } = await moka(...args, file);
  // A patch has a/ and b/ in front of paths that do not begin at the root.
  return out.replaceAll(`${folder}/`, "").replace("--- train", "--- a/train").replace("+++ train", "+++ b/train");
}

/** The block of a page that begins so. Lines with … alone stand for what is left out between its parts. */
function partsOf(page: string, start: string): readonly string[] {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
  const block = text.split(/^```.*\n/m).find((each) => each.startsWith(start)) ?? "";
  return block.replace(/^\$ .*\n/, "").split(/^…\n/m);
}

test.each([
  ["README.md", "train_val.prototxt:21:22", ["lint"]],
  ["docs/lint.md", "$ moka lint train_val.prototxt", ["lint"]],
  ["docs/lint.md", "$ moka fix --diff train_val.prototxt", ["fix", "--diff"]],
])("%s: %s", async (page, start, command) => {
  const out = await printed(...command);
  for (const part of partsOf(page, start)) {
    expect(part.length).toBeGreaterThan(40);
    expect(out).toContain(part);
  }
});
