// Deploy nets of published architectures as prototxt text, with BatchNorm and Scale after each convolution.

/** Writes the layers of a net; every method adds layers and returns the name of the last top. */
class NetWriter {
  #layers = [];

  constructor(name, size) {
    this.#layers.push(`name: "${name}"`);
    this.#add("data", "Input", [], `input_param { shape { dim: 1 dim: 3 dim: ${size} dim: ${size} } }`);
  }

  get text() {
    return `${this.#layers.join("\n")}\n`;
  }

  #add(name, type, bottoms, param = "", top = name) {
    const lines = [`  name: "${name}"`, `  type: "${type}"`, ...bottoms.map((bottom) => `  bottom: "${bottom}"`)];
    this.#layers.push(["layer {", ...lines, `  top: "${top}"`, ...(param ? [`  ${param}`] : []), "}"].join("\n"));
    return top;
  }

  conv(name, bottom, outputs, kernel, stride = 1) {
    const sizes = `num_output: ${outputs} kernel_size: ${kernel} stride: ${stride} pad: ${Math.floor(kernel / 2)}`;
    return this.#add(name, "Convolution", [bottom], `convolution_param { ${sizes} bias_term: false }`);
  }

  /** Works in place unless `top` is given, as is usual if no other layer reads the bottom. */
  norm(name, bottom, top = bottom) {
    this.#add(`${name}_bn`, "BatchNorm", [bottom], "", top);
    return this.#add(`${name}_scale`, "Scale", [top], "scale_param { bias_term: true }", top);
  }

  relu(name, blob) {
    return this.#add(`${name}_relu`, "ReLU", [blob], "", blob);
  }

  pool(name, bottom, method, kernel, stride) {
    const sizes = kernel ? `kernel_size: ${kernel} stride: ${stride}` : "global_pooling: true";
    return this.#add(name, "Pooling", [bottom], `pooling_param { pool: ${method} ${sizes} }`);
  }

  sum(name, bottoms) {
    return this.#add(name, "Eltwise", bottoms);
  }

  concat(name, bottoms) {
    return this.#add(name, "Concat", bottoms);
  }

  classify(bottom, classes) {
    const scores = this.#add("fc", "InnerProduct", [bottom], `inner_product_param { num_output: ${classes} }`);
    return this.#add("prob", "Softmax", [scores]);
  }
}

/** ResNet with bottlenecks (He et al., 2015): [3, 8, 36, 3] blocks are ResNet-152. */
export function resnet(blocks, name = `ResNet-${3 * blocks.reduce((a, b) => a + b, 0) + 2}`) {
  const net = new NetWriter(name, 224);
  let x = net.relu("conv1", net.norm("conv1", net.conv("conv1", "data", 64, 7, 2)));
  x = net.pool("pool1", x, "MAX", 3, 2);
  for (const [stage, count] of blocks.entries()) {
    const width = 64 * 2 ** stage;
    for (let block = 0; block < count; block++) {
      const id = `res${stage + 2}_${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const shortcut = block > 0 ? x : net.norm(`${id}_1`, net.conv(`${id}_1`, x, 4 * width, 1, stride));
      let y = net.relu(`${id}_a`, net.norm(`${id}_a`, net.conv(`${id}_a`, x, width, 1, stride)));
      y = net.relu(`${id}_b`, net.norm(`${id}_b`, net.conv(`${id}_b`, y, width, 3)));
      y = net.norm(`${id}_c`, net.conv(`${id}_c`, y, 4 * width, 1));
      x = net.relu(id, net.sum(id, [shortcut, y]));
    }
  }
  net.classify(net.pool("pool5", x, "AVE"), 1000);
  return net.text;
}

/** DenseNet (Huang et al., 2017): growth 48, 96 channels behind conv1 and [6, 12, 36, 24] layers are DenseNet-161. */
export function densenet(growth, first, blocks, name = `DenseNet-${2 * blocks.reduce((a, b) => a + b, 0) + 5}`) {
  const net = new NetWriter(name, 224);
  let channels = first;
  let x = net.relu("conv1", net.norm("conv1", net.conv("conv1", "data", first, 7, 2)));
  x = net.pool("pool1", x, "MAX", 3, 2);
  for (const [stage, count] of blocks.entries()) {
    for (let layer = 0; layer < count; layer++) {
      const id = `conv${stage + 2}_${layer + 1}`;
      let y = net.relu(`${id}_a`, net.norm(`${id}_a`, x, `${id}_a_bn`));
      y = net.relu(`${id}_b`, net.norm(`${id}_b`, net.conv(`${id}_a`, y, 4 * growth, 1)));
      x = net.concat(`concat_${stage + 2}_${layer + 1}`, [x, net.conv(`${id}_b`, y, growth, 3)]);
      channels += growth;
    }
    const id = `conv${stage + 2}_end`;
    x = net.relu(id, net.norm(id, x, `${id}_bn`));
    if (stage === blocks.length - 1) break;
    channels = Math.floor(channels / 2);
    x = net.pool(`pool${stage + 2}`, net.conv(id, x, channels, 1), "AVE", 2, 2);
  }
  net.classify(net.pool("pool5", x, "AVE"), 1000);
  return net.text;
}

export const resnet152 = () => resnet([3, 8, 36, 3]);
export const densenet161 = () => densenet(48, 96, [6, 12, 36, 24]);
