// Damaged ONNX models that are still messages: their graphs, attributes, sizes and constants are changed, so that the code behind the reader
// runs too.

const edges = [
  -(2n ** 63n),
  -(2n ** 31n),
  -2n,
  -1n,
  0n,
  1n,
  2n,
  3n,
  5n,
  7n,
  255n,
  65536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 62n,
  2n ** 63n - 1n,
];
const floats = [0, -0, 1, -1, 0.5, 2, 1e30, 1e-30, Infinity, -Infinity, NaN];
const words = [
  "",
  "SAME_UPPER",
  "SAME_LOWER",
  "VALID",
  "reflect",
  "edge",
  "linear",
  "nearest",
  "cubic",
  "half_pixel",
  "align_corners",
  "floor",
  "CRD",
];

/** A copy of a model with some changes. `operators` are names that a node may get. */
export function mutateModel(model, random, operators) {
  const copy = structuredClone(model);
  const { graph } = copy;
  const { below, pick } = random;
  const number = () => (below(2) ? pick(edges) : BigInt(below(40) - 4));
  const someNode = () => pick(graph.node);
  const names = () => [
    ...graph.node.flatMap(({ input, output }) => [...input, ...output]),
    ...graph.initializer.map(({ name }) => name),
    "",
  ];
  const changes = [
    () => {
      const attribute = pick(someNode().attribute);
      if (!attribute) return;
      if (attribute.ints.length > 0) attribute.ints[below(attribute.ints.length)] = number();
      attribute.i = number();
      attribute.f = pick(floats);
      if (below(4) === 0) attribute.s = new TextEncoder().encode(pick(words));
      if (below(8) === 0) attribute.type = below(16);
    },
    () => {
      const attribute = pick(someNode().attribute);
      if (attribute) attribute.ints = below(2) ? attribute.ints.slice(below(3)) : [...attribute.ints, number()];
    },
    () => {
      someNode().opType = pick(operators);
    },
    () => {
      const node = someNode();
      node.input[below(node.input.length + 1)] = pick(names());
      node.input = node.input.map((name) => name ?? "");
    },
    () => {
      const node = someNode();
      if (below(2)) node.input = node.input.slice(below(2), 1 + below(4));
      else node.output.push(`extra${below(9)}`);
    },
    () => void graph.node.splice(below(graph.node.length), 1),
    () => void graph.node.splice(below(graph.node.length), 0, structuredClone(someNode())),
    () => {
      const tensor = pick([
        ...graph.initializer,
        ...graph.node.flatMap(({ attribute }) => attribute.flatMap(({ t }) => t ?? [])),
      ]);
      if (!tensor) return;
      const change = below(4);
      if (change === 0) tensor.dims[below(tensor.dims.length + 1)] = number();
      if (change === 1) tensor.dataType = below(24);
      if (change === 2) tensor.rawData = tensor.rawData.slice(0, below(tensor.rawData.length + 1));
      if (change === 3 && tensor.rawData.length >= 8) {
        tensor.rawData = tensor.rawData.slice();
        new DataView(tensor.rawData.buffer).setBigInt64(
          8 * below(Math.floor(tensor.rawData.length / 8)),
          number(),
          true,
        );
      }
      tensor.dims = tensor.dims.map((size) => size ?? 1n);
    },
    () => {
      const dims = pick(graph.input)?.type?.value.value?.shape?.dim ?? [];
      if (dims.length > 0) dims[below(dims.length)].value = { case: "dimValue", value: number() };
    },
    () => {
      pick(copy.opsetImport).version = BigInt(below(25));
    },
    () => {
      graph.output[below(graph.output.length)].name = pick(names());
    },
  ];
  for (let count = 1 + below(4); count > 0 && graph.node.length > 0; count--) pick(changes)();
  return copy;
}
