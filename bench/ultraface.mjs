// RFB-320 of "Ultra-Light-Fast-Generic-Face-Detector-1MB" (Linzaer, 2019), by its public description, as it is exported: without
// BatchNorm, which is folded into the convolutions. Weights come from the fillers.

/** The net as prototxt text. Outputs `scores` and `boxes`. */
export function rfb320(height = 240, width = 320) {
  const layers = [];
  const add = (type, name, bottoms, param = "") => {
    const lines = [
      `name: "${name}"`,
      `type: "${type}"`,
      ...bottoms.map((each) => `bottom: "${each}"`),
      `top: "${name}"`,
    ];
    layers.push(`layer { ${lines.join(" ")} ${param} }`);
    return name;
  };
  let count = 0;
  const conv = (
    x,
    outputs,
    kernel,
    { stride = 1, pad = (kernel - 1) / 2, dilation = 1, group = 1, relu = true } = {},
  ) => {
    const sizes = `num_output: ${outputs} kernel_size: ${kernel} stride: ${stride} pad: ${pad} dilation: ${dilation} group: ${group}`;
    const y = add(
      "Convolution",
      `conv${++count}`,
      [x],
      `convolution_param { ${sizes} weight_filler { type: "msra" } }`,
    );
    return relu ? add("ReLU", `relu${count}`, [y]) : y;
  };
  const separable = (x, inputs, outputs, { stride = 1, relu = true } = {}) =>
    conv(conv(x, inputs, 3, { stride, group: inputs }), outputs, 1, { relu });
  /** Three branches of growing dilation beside a shortcut. */
  const receptiveField = (x, channels) => {
    const inner = channels / 8;
    const far = (y, dilation) => conv(y, 2 * inner, 3, { pad: dilation, dilation, relu: false });
    const first = () => conv(x, inner, 1, { relu: false });
    const branches = [
      far(conv(first(), 2 * inner, 3), 2),
      far(conv(first(), 2 * inner, 3), 3),
      far(conv(conv(first(), 1.5 * inner, 3), 2 * inner, 3), 5),
    ];
    const joined = conv(add("Concat", "rfb_concat", branches), channels, 1, { relu: false });
    return add("ReLU", "rfb", [add("Eltwise", "rfb_sum", [joined, conv(x, channels, 1, { relu: false })])]);
  };
  let x = conv("input", 16, 3, { stride: 2 });
  x = separable(x, 16, 32);
  x = separable(x, 32, 32, { stride: 2 });
  x = separable(x, 32, 32);
  x = separable(x, 32, 64, { stride: 2 });
  x = separable(separable(x, 64, 64), 64, 64);
  const maps = [receptiveField(x, 64)];
  x = separable(maps[0], 64, 128, { stride: 2 });
  maps.push(separable(separable(x, 128, 128), 128, 128));
  x = separable(maps[1], 128, 256, { stride: 2 });
  maps.push(separable(x, 256, 256));
  maps.push(separable(conv(maps[2], 64, 1), 64, 256, { stride: 2 }));
  const head = (map, index, values) => {
    const [channels, outputs] = [[64, 128, 256, 256][index], values * [3, 2, 2, 3][index]];
    const y = index === 3 ? conv(map, outputs, 3, { relu: false }) : separable(map, channels, outputs, { relu: false });
    const permuted = add("Permute", `${y}_permuted`, [y], "permute_param { order: 0 order: 2 order: 3 order: 1 }");
    return add("Reshape", `${y}_rows`, [permuted], `reshape_param { shape { dim: 1 dim: -1 dim: ${values} } }`);
  };
  const all = (name, values) =>
    add(
      "Concat",
      name,
      maps.map((map, i) => head(map, i, values)),
      "concat_param { axis: 1 }",
    );
  add("Softmax", "scores", [all("logits", 2)], "softmax_param { axis: 2 }");
  all("boxes", 4);
  const input = `layer { name: "input" type: "Input" top: "input" input_param { shape { dim: 1 dim: 3 dim: ${height} dim: ${width} } } }`;
  return ['name: "RFB-320"', input, ...layers, ""].join("\n");
}
