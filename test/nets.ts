import { create } from "@bufbuild/protobuf";
import { Catalog, type LayerConstructor } from "../src/core/catalog.js";
import type { Ranks } from "../src/core/communicator.js";
import type { Engine } from "../src/core/engine.js";
import { type PassName, passNames } from "../src/core/execution.js";
import type { Phase } from "../src/core/layer.js";
import { Net } from "../src/core/net.js";
import { ReferenceEngine } from "../src/engines/reference/index.js";
import { fill } from "../src/fillers/index.js";
import { layers } from "../src/layers/registry.js";
import { createFiles, createImages } from "../src/platform/node/index.js";
import { NetStateSchema, Phase as PhaseEnum } from "../src/proto/gen/caffe_pb.js";
import { parseNet } from "../src/proto/text/index.js";
import { upgradeNet } from "../src/proto/upgrade/net.js";
import { type Log, silent } from "../src/util/log.js";
import { Random } from "../src/util/random.js";

export interface NetSetup {
  readonly phase?: Phase;
  readonly engine?: Engine;
  readonly seed?: number;
  /** The generator of random numbers; default: a new one with `seed`. */
  readonly random?: Random;
  readonly log?: Log;
  readonly level?: number;
  readonly stage?: string[];
  readonly backward?: boolean;
  readonly keep?: "all" | "outputs";
  readonly passes?: readonly PassName[];
  /** Whether passes that change steps run. Default true. */
  readonly fuse?: boolean;
  /** Whether passes that share memory run. Default true. */
  readonly shareMemory?: boolean;
  /** The processes that train the net together. Default: one. */
  readonly ranks?: Ranks;
  /** The fork that the net is written for. Default: what the net tells. */
  readonly dialect?: string;
  /** See `LayerContext.cfg`. */
  readonly cfg?: Readonly<Record<string, unknown>>;
  /** Layers that are not Moka's own, by type. */
  readonly own?: Readonly<Record<string, LayerConstructor>>;
  /** The name of the text's file, for errors and log lines. */
  readonly file?: string;
}

const builtIn = new Catalog(layers, fill);

/** A net from prototxt text, by default on the reference engine; throws for any text that Caffe refuses. */
export async function netFromText(text: string, setup: NetSetup = {}): Promise<Net> {
  const { phase = "TRAIN", engine = new ReferenceEngine(), seed = 1701, log = silent } = setup;
  const { message, issues } = parseNet(text, { file: setup.file });
  const refused = issues.find(({ caffeRefuses, code }) => caffeRefuses && !code.startsWith("MOKA_TEXT_FORK_"));
  if (refused) throw new Error(`${refused.line}:${refused.column}: ${refused.message}`);
  const state = create(NetStateSchema, {
    phase: PhaseEnum[phase],
    level: setup.level ?? 0,
    stage: setup.stage ?? [],
  });
  return Net.build(upgradeNet(message, setup.file ?? "<text>", log), state, {
    catalog: setup.own ? new Catalog(layers, fill, setup.own) : builtIn,
    engine,
    ownsEngine: setup.engine === undefined,
    files: createFiles(),
    images: createImages(),
    random: setup.random ?? new Random(seed),
    log,
    weightFiles: {
      read: () => Promise.reject(new Error("no weight files here")),
      write: () => Promise.reject(new Error("no weight files here")),
    },
    ...(setup.backward !== undefined && { backward: setup.backward }),
    keep: setup.keep,
    ranks: setup.ranks,
    dialect: setup.dialect,
    cfg: setup.cfg,
    passes: passesOf(setup),
  });
}

function passesOf({ passes = passNames, fuse = true, shareMemory = true }: NetSetup): readonly PassName[] {
  return passes.filter((name) => (fuse || name === "plan-memory") && (shareMemory || name.startsWith("fuse")));
}
