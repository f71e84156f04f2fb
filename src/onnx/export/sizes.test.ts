import { expect, test } from "vitest";
import { netFromText } from "../../../test/nets.js";
import { mappingOf } from "./registry.js";
import { symbolicSizes } from "./sizes.js";

async function sizes(text: string, batch: readonly string[]) {
  const net = await netFromText(text, { phase: "TEST" });
  const tensors = net.nodes.flatMap(({ top }) => top);
  const found = symbolicSizes({
    nodes: net.nodes,
    mappingOf: ({ layer }) => mappingOf(layer),
    batch: tensors.filter(({ name }) => batch.includes(name)),
  });
  return Object.fromEntries([...found].map(([{ name }, dims]) => [name, dims]));
}

const data = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 6 dim: 4 } } }\n';

test("sizes that follow the batch are named by it", async () => {
  const text = `${data}
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 } }
    layer { name: "rows" type: "Reshape" bottom: "data" top: "rows" reshape_param { shape { dim: -1 dim: 4 } } }
    layer { name: "flat" type: "Reshape" bottom: "data" top: "flat" reshape_param { shape { dim: -1 } } }
    layer { name: "twice" type: "Concat" bottom: "flat" bottom: "flat" top: "twice" concat_param { axis: 0 } }`;
  expect(await sizes(text, ["data"])).toMatchObject({
    data: ["N", 6, 4],
    fc: ["N", 3],
    rows: ["6N", 4],
    flat: ["24N"],
    twice: ["48N"],
  });
  expect(await sizes(text, [])).toMatchObject({ data: [2, 6, 4], rows: [12, 4] });
});

test("a size that is no multiple of the batch has a name of its own", async () => {
  const other = 'layer { name: "one" type: "Input" top: "one" input_param { shape { dim: 1 dim: 6 dim: 4 } } }\n';
  const text = `${data}${other}
    layer { name: "both" type: "Concat" bottom: "data" bottom: "one" top: "both" concat_param { axis: 0 } }`;
  expect((await sizes(text, ["data"])).both).toEqual(["size_1", 6, 4]);
});

test("a layer that takes no other batch is named", async () => {
  const text = `${data}
    layer { name: "fixed" type: "Reshape" bottom: "data" top: "fixed" reshape_param { shape { dim: 48 } } }`;
  await expect(sizes(text, ["data"])).rejects.toThrow(/layer "fixed" \(Reshape\)/);
});
