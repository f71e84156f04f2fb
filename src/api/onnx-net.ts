import { create } from "@bufbuild/protobuf";
import type { LayerConstructor } from "../core/catalog.js";
import { someLayers } from "../core/filter-net.js";
import { isDataLayer } from "../core/layer-roles.js";
import { Net as CoreNet } from "../core/net.js";
import { stateOf } from "../core/net-state.js";
import type { Tensor } from "../core/tensor.js";
import { type Computed, LiveLayer } from "../layers/detection/live-layer.js";
import { nameVersions } from "../onnx/export/name-versions.js";
import { openFiles } from "../platform/open-files.js";
import { type LayerParameter, LayerParameterSchema, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { check } from "../util/errors.js";
import { silent } from "../util/log.js";
import type { Shape } from "../util/shape.js";
import { DeployedNet } from "./deploy.js";
import { createEngine, netContext } from "./environment.js";
import type { Net, NetOptions } from "./net.js";
import type { OnnxRuntimeOptions } from "./onnx-session.js";
import { type NetSource, readNet } from "./read-text.js";

export interface OnnxNetOptions extends Omit<NetOptions, "engine" | "everyBackward">, OnnxRuntimeOptions {
  /** Blobs that can be read after a run, besides inputs and outputs. */
  readonly blobs?: readonly string[] | undefined;
}

/** The type of the layer that ONNX Runtime computes. */
const type = "ONNXRuntime";

/**
 * Loads a net in phase TEST of which ONNX Runtime computes all that can be exported, as one layer with the name `onnxruntime`. Data
 * layers, layers that only training and testing need, as Accuracy and losses, and layers without tops, as HDF5Output, are Moka's own.
 *
 * @throws MokaError as `deploy` and `Net.load` do; `MOKA_USAGE` for phase TRAIN
 */
export async function loadOnnxNet(source: NetSource, options: OnnxNetOptions = {}): Promise<Net> {
  const { weights, phase = "TEST", keep = "outputs", blobs = [], log = silent, ...rest } = options;
  const { provider, runtime, threads, sessionOptions, ...building } = rest;
  check(phase === "TEST", "MOKA_USAGE", "ONNX Runtime computes nets in phase TEST, not in TRAIN");
  const state = stateOf("TEST", options);
  const message = await readNet(source, openFiles(options), log);
  const { layers } = nameVersions(someLayers(message, state, silent));
  const deployed = await DeployedNet.open(copyMessage(NetParameterSchema, message), weights, {
    ...building,
    ...{ log, provider, runtime, threads, sessionOptions, forLeftOut: true },
    ...(blobs.length > 0 && { outputs: blobs }),
  });
  let owner: { dispose(): Promise<void> } | undefined;
  try {
    const data = layers.filter(isDataLayer);
    const scores = layers.filter(({ name }) => deployed.leftOut.includes(name));
    const exported = outputsOf(deployed, layers, [...data, ...scores]);
    const layer = create(LayerParameterSchema, {
      ...{ name: "onnxruntime", type },
      ...{ bottom: [...deployed.usedInputs], top: [...exported] },
    });
    const there = new Set([...data, layer, ...scores].flatMap(({ top }) => top));
    const sinks = layers.filter(({ name, top }) => top.length === 0 && !deployed.leftOut.includes(name));
    const own = [...scores, ...sinks.filter(({ bottom }) => bottom.every((name) => there.has(name)))];
    for (const { name, type } of sinks.filter((sink) => !own.includes(sink))) {
      log("warning", "moka:0", `${name} (${type}) is left out: ONNX Runtime does not give what it reads.`);
    }
    message.layer = [...data, layer, ...own];
    const engine = await createEngine({ threads: 1 });
    owner = engine;
    const context = netContext(
      engine,
      { ...building, log, layers: { [type]: layerOf(deployed, exported) } },
      undefined,
    );
    const net = await CoreNet.build(message, state, { ...context, keep, backward: false, ownsEngine: true });
    owner = net;
    if (weights !== undefined && net.params.size > 0) await net.copyTrainedLayersFrom(weights, undefined, true);
    return net;
  } catch (error) {
    await owner?.dispose();
    await deployed.dispose();
    throw error;
  }
}

/** The blobs that ONNX Runtime computes for the others and for the caller. */
function outputsOf(
  { outputs }: DeployedNet,
  layers: readonly LayerParameter[],
  elsewhere: readonly LayerParameter[],
): readonly string[] {
  const blobs = new Set(layers.flatMap(({ top }) => top));
  const others = new Set(elsewhere.flatMap(({ top }) => top));
  return outputs.filter((name) => blobs.has(name) && !others.has(name));
}

/** The class of the layer that this session computes. */
function layerOf(deployed: DeployedNet, outputs: readonly string[]): LayerConstructor {
  const { usedInputs } = deployed;
  return class extends LiveLayer {
    override readonly bottomCount = usedInputs.length;
    override readonly topCount = outputs.length;

    override topShapes(bottom: readonly Shape[]): readonly Shape[] {
      const inputs = Object.fromEntries(usedInputs.map((name, i) => [name, bottom[i] ?? []]));
      const shapes = deployed.shapesFor(inputs);
      return outputs.map((name) => shapes[name] ?? []);
    }

    protected override async compute(bottom: readonly Tensor[]): Promise<readonly Computed[]> {
      const inputs = usedInputs.flatMap((name, i) => {
        const tensor = bottom[i];
        return tensor ? [[name, { shape: tensor.shape, data: tensor.data.array }] as const] : [];
      });
      const values = await deployed.run(Object.fromEntries(inputs));
      const { shapes } = deployed;
      return outputs.map((name) => ({ shape: shapes[name] ?? [], values: values[name] ?? new Float32Array(0) }));
    }

    override async close(): Promise<void> {
      await deployed.dispose();
    }
  };
}
