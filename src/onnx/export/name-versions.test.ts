import { expect, test } from "vitest";
import { parseNet } from "../../proto/text/index.js";
import { nameVersions } from "./name-versions.js";

const versions = (text: string) => {
  const { layers, named } = nameVersions(parseNet(text).message.layer);
  return { tops: layers.map(({ bottom, top }) => `${bottom.join()} > ${top.join()}`), named };
};
const layer = (name: string, type: string, bottom: string, top: string) =>
  `layer { name: "${name}" type: "${type}" ${bottom && `bottom: "${bottom}"`} top: "${top}" }\n`;
const data = layer("data", "Input", "", "data");

test("the last version of a blob keeps its name", () => {
  const text =
    data +
    layer("conv", "Convolution", "data", "conv") +
    layer("bn", "BatchNorm", "conv", "conv") +
    layer("relu", "ReLU", "conv", "conv");
  expect(versions(text)).toEqual({
    tops: [" > data", "data > conv@conv", "conv@conv > conv@bn", "conv@bn > conv"],
    named: [
      { blob: "conv", name: "conv@conv", layer: "conv" },
      { blob: "conv", name: "conv@bn", layer: "bn" },
    ],
  });
});

test("an input keeps its name, and what is made of it in place gets another", () => {
  const text = data + layer("relu", "ReLU", "data", "data") + layer("fc", "InnerProduct", "data", "fc");
  expect(versions(text)).toEqual({
    tops: [" > data", "data > data@relu", "data@relu > fc"],
    named: [{ blob: "data", name: "data@relu", layer: "relu" }],
  });
});

test("a name that a blob has already is not given again", () => {
  const text =
    layer("a", "Input", "", "x@relu") + data + layer("relu", "ReLU", "data", "x") + layer("relu", "ReLU", "x", "x");
  expect(versions(text).named).toEqual([{ blob: "x", name: "x@relu_2", layer: "relu" }]);
});

test("rules of phases are gone, and nothing else changes", () => {
  const { layers } = nameVersions(
    parseNet(`layer { name: "a" type: "Input" top: "x" include { phase: TEST } }`).message.layer,
  );
  expect(layers).toMatchObject([{ name: "a", type: "Input", top: ["x"], include: [] }]);
});
