// Numbers: the forks' own nets and weights (test/golden/forks): fold's proof runs both nets.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fold } from "../../api/fold.js";

const path = (name: string, file: string) =>
  new URL(`../../../test/golden/forks/nets/${name}/${file}`, import.meta.url);
const text = (name: string) => readFileSync(path(name, "test.prototxt"), "utf8");
const weights = (name: string, file: string) => new Uint8Array(readFileSync(path(name, file)));

test.each([
  ["pspnet", "weights_original.caffemodel", 0],
  ["pspnet", "weights_yjxiong.caffemodel", 0],
  ["nvcaffe_bn", "weights_original.caffemodel", 0],
  ["nvcaffe_bn", "weights_legacy.caffemodel", 0],
])("folds the batch normalizations of %s, from %s", async (name, file, kept) => {
  const result = await fold(text(name), weights(name, file));
  expect(result.folded.length).toBeGreaterThan(1);
  expect(result.kept).toHaveLength(kept);
  expect(result.proof).toMatchObject({ ran: true, passed: true });
});

test("SegNet's BN that learns goes by the batch, and stays; with INFERENCE it is folded", async () => {
  const inference = text("segnet");
  const net = inference.replaceAll("bn_mode: INFERENCE", "bn_mode: LEARN");
  const from = weights("segnet", "weights_original.caffemodel");
  const learns = await fold(net, from);
  expect(learns.folded).toEqual([]);
  expect(new Set(learns.kept.map(({ reason }) => reason))).toEqual(
    new Set(["bn_mode: LEARN normalizes by the statistics of each batch, in TEST too"]),
  );
  const result = await fold(inference, from);
  expect(result.folded.length).toBeGreaterThan(1);
  expect(result.proof).toMatchObject({ ran: true, passed: true });
});
