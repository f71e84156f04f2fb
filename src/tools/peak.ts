import { create } from "@bufbuild/protobuf";
import { createImages } from "#platform";
import type { Catalog } from "../core/catalog.js";
import type { Phase } from "../core/layer.js";
import { Net } from "../core/net.js";
import { ReferenceEngine } from "../engines/reference/index.js";
import {
  InputParameterSchema,
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
  NetStateSchema,
  Phase as PhaseEnum,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import { caffeMemory } from "./caffe-memory.js";
import { netMemory } from "./net-memory.js";

/** Bytes for the blobs, the parameters and what layers keep, at the time when they are the most. */
export interface Peak {
  readonly moka: number;
  /** What BVLC Caffe would hold for the same. */
  readonly caffe: number;
}

export interface PeakOptions {
  /** TRAIN is forward and backward, TEST forward alone. */
  readonly phase: Phase;
  readonly level: number;
  readonly stages: readonly string[];
  /** Shapes of blobs, by name; layers without bottoms that all their tops are named of need no data. */
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly catalog: Catalog;
  readonly files: Files;
}

/**
 * The peak of a net's memory, planned without taking any: its parameters are not filled, and nothing runs.
 *
 * @param message the net, upgraded
 * @returns nothing where the net cannot be built in this phase (its data may not be here), or nothing in it learns
 */
export async function peakOf(message: NetParameter, options: PeakOptions): Promise<Peak | undefined> {
  const { phase, level, stages, shapes, catalog, files } = options;
  const { name, forceBackward } = message;
  const layer = message.layer.map((each) => withoutData(each, shapes));
  const own = create(NetParameterSchema, { name, forceBackward, layer });
  const trains = phase === "TRAIN";
  const noFiles = () => Promise.reject(new TypeError("a net that is only planned has no weights"));
  let net: Net | undefined;
  try {
    net = await Net.build(own, create(NetStateSchema, { phase: PhaseEnum[phase], level, stage: [...stages] }), {
      catalog,
      engine: new ReferenceEngine(),
      ownsEngine: true,
      files,
      images: createImages(),
      random: new Random(1),
      log: silent,
      weightFiles: { read: noFiles, write: noFiles },
      backward: trains,
      keep: "outputs",
      fills: false,
    });
    if (trains && !net.execution.plan.backward?.length) return undefined;
    return { moka: netMemory(net).total, caffe: caffeMemory(net, trains).total };
  } catch (error) {
    if (error instanceof MokaError) return undefined;
    throw error;
  } finally {
    await net?.dispose();
  }
}

/** A layer without bottoms of which all shapes are given, as one that takes them from its message. */
function withoutData(layer: LayerParameter, shapes: Readonly<Record<string, Shape>>): LayerParameter {
  const { bottom, top } = layer;
  if (bottom.length > 0 || top.length === 0 || !top.every((name) => Object.hasOwn(shapes, name))) return layer;
  const shape = top.map((name) => ({ dim: (shapes[name] ?? []).map(BigInt) }));
  return Object.assign(copyMessage(LayerParameterSchema, layer), {
    type: "Input",
    inputParam: create(InputParameterSchema, { shape }),
  });
}
