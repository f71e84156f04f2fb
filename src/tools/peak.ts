import { create } from "@bufbuild/protobuf";
import { createImages } from "#platform";
import type { Catalog } from "../core/catalog.js";
import { asInput } from "../core/input-layers.js";
import type { Phase } from "../core/layer.js";
import { Net } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { ReferenceEngine } from "../engines/reference/index.js";
import { type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { MokaError } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { silent } from "../util/log.js";
import { Random } from "../util/random.js";
import type { Shape } from "../util/shape.js";
import { caffeMemory } from "./caffe-memory.js";
import { netMemory } from "./net-memory.js";

/** The largest number of bytes used at one time for blobs, parameters and layers' own memory. */
export interface Peak {
  /** Bytes that Moka needs. */
  readonly moka: number;
  /** Bytes that BVLC Caffe uses for the same net. */
  readonly caffe: number;
}

export interface PeakOptions extends StateOptions {
  /** TRAIN is forward and backward, TEST only forward. */
  readonly phase: Phase;
  /** Shapes of blobs, by name. A layer without bottoms needs no data if all its tops are named here. */
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly catalog: Catalog;
  readonly files: Files;
}

/**
 * The peak of a net's memory. The net is only planned: no memory is allocated, no parameter filled, no file written.
 *
 * @param message the net, upgraded
 * @returns undefined if the net cannot be built in this phase (its data may be missing), or if no layer learns in TRAIN
 */
export async function peakOf(message: NetParameter, options: PeakOptions): Promise<Peak | undefined> {
  const { phase, shapes, catalog, files } = options;
  const { name, forceBackward } = message;
  const given = new Map(Object.entries(shapes));
  const layer = message.layer.map((each) => asInput(each, given));
  const own = create(NetParameterSchema, { name, forceBackward, layer });
  const trains = phase === "TRAIN";
  const noFiles = () => Promise.reject(new TypeError("a net that is only planned has no weights"));
  let net: Net | undefined;
  try {
    net = await Net.build(own, stateOf(phase, options), {
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
      runs: false,
    });
    // Checked first, since a plan takes most of the time.
    if (trains && !net.nodes.some(({ needsBackward }) => needsBackward)) return undefined;
    if (trains && !net.execution.plan.backward?.length) return undefined;
    return { moka: netMemory(net).total, caffe: caffeMemory(net, trains).total };
  } catch (error) {
    if (error instanceof MokaError) return undefined;
    throw error;
  } finally {
    await net?.dispose();
  }
}
