import type { InterpolateGeometry, UpsampleGeometry } from "../../core/kernels.js";
import { type Bind, call, grainOf } from "./call.js";

function blocks({ planes, input: [h, w], scale: [down, across] }: UpsampleGeometry) {
  const inputs = h * w;
  const outputs = inputs * down * across;
  return {
    inputs: planes * inputs,
    outputs: planes * outputs,
    numbers: [h, w, down, across],
    extra: { grain: grainOf(outputs) },
  };
}

export const upsample: Bind<"upsample"> = ({ x, y, ...geometry }, at) => {
  const { inputs, outputs, numbers, extra } = blocks(geometry);
  return call("upsample", geometry.planes, [at(x, inputs), at(y, outputs), ...numbers], extra);
};

export const upsampleBackward: Bind<"upsampleBackward"> = ({ dy, dx, ...geometry }, at) => {
  const { inputs, outputs, numbers, extra } = blocks(geometry);
  return call("upsampleBackward", geometry.planes, [at(dy, outputs), at(dx, inputs), ...numbers], extra);
};

export const unpool: Bind<"unpool"> = ({ x, mask, y, planes, inputs, outputs }, at) => {
  const [from, to] = [planes * inputs, planes * outputs];
  return call("unpool", planes, [at(x, from), at(mask, from), at(y, to), inputs, outputs], { grain: grainOf(outputs) });
};

export const unpoolBackward: Bind<"unpoolBackward"> = ({ dy, mask, dx, planes, inputs, outputs }, at) => {
  const [from, to] = [planes * inputs, planes * outputs];
  const addresses = [at(dy, to), at(mask, from), at(dx, from)];
  return call("unpoolBackward", planes, [...addresses, inputs, outputs], { grain: grainOf(outputs) });
};

function interpolation({ planes, input, output, first, size, ratio, offset }: InterpolateGeometry) {
  return {
    inputs: planes * input[0] * input[1],
    outputs: planes * output[0] * output[1],
    numbers: [...input, ...output, ...first, ...size, ...ratio, ...offset],
    extra: { grain: grainOf(4 * output[0] * output[1]) },
  };
}

export const interpolate: Bind<"interpolate"> = ({ x, y, ...geometry }, at) => {
  const { inputs, outputs, numbers, extra } = interpolation(geometry);
  return call("interpolate", geometry.planes, [at(x, inputs), at(y, outputs), ...numbers], extra);
};

export const interpolateBackward: Bind<"interpolateBackward"> = ({ dy, dx, ...geometry }, at) => {
  const { inputs, outputs, numbers, extra } = interpolation(geometry);
  return call("interpolateBackward", geometry.planes, [at(dy, outputs), at(dx, inputs), ...numbers], extra);
};
