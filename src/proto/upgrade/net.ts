import { isFieldSet } from "@bufbuild/protobuf";
import type { Log } from "../../util/log.js";
import { type NetParameter, V1LayerParameterSchema } from "../gen/caffe_pb.js";
import { needsBatchNormUpgrade, upgradeBatchNorm } from "./batch-norm.js";
import { upgradeInput } from "./input.js";
import { needsTransformationUpgrade, upgradeTransformation } from "./transformation.js";
import { upgradeV0Net } from "./v0.js";
import { upgradeV1Net } from "./v1.js";

/** A line of Caffe's log: its line number in upgrade_proto.cpp, and its text. */
type Notice = readonly [line: number, text: string];

/** The upgrade of one old form. */
interface Upgrade {
  readonly needed: (net: NetParameter) => boolean;
  /** Changes `net`. Returns false if a part of it was left out. */
  readonly run: (net: NetParameter, log: Log) => unknown;
  readonly attempt: Notice;
  readonly success: Notice;
  readonly failure?: Notice;
  /** A warning that follows both success and failure. */
  readonly note?: Notice;
}

/** The upgrades in Caffe's order. Each one works on the result of those before it. */
const upgrades: readonly Upgrade[] = [
  {
    needed: (net) => net.layers.some((layer) => isFieldSet(layer, V1LayerParameterSchema.field.layer)),
    run: upgradeV0Net,
    attempt: [28, "Attempting to upgrade input file specified using deprecated V0LayerParameter: "],
    success: [36, "Successfully upgraded file specified using deprecated V0LayerParameter"],
    failure: [
      33,
      "Warning: had one or more problems upgrading V0NetParameter to NetParameter (see above); continuing anyway.",
    ],
    note: [
      39,
      "Note that future Caffe releases will not support V0NetParameter; use ./build/tools/upgrade_net_proto_text for " +
        "prototxt and ./build/tools/upgrade_net_proto_binary for model weights upgrade this and any other net protos " +
        "to the new format.",
    ],
  },
  {
    needed: needsTransformationUpgrade,
    run: upgradeTransformation,
    attempt: [46, "Attempting to upgrade input file specified using deprecated transformation parameters: "],
    success: [49, "Successfully upgraded file specified using deprecated data transformation parameters."],
    note: [51, "Note that future Caffe releases will only support transform_param messages for transformation fields."],
  },
  {
    needed: (net) => net.layers.length > 0,
    run: upgradeV1Net,
    attempt: [55, "Attempting to upgrade input file specified using deprecated V1LayerParameter: "],
    success: [63, "Successfully upgraded file specified using deprecated V1LayerParameter"],
  },
  {
    needed: (net) => net.input.length > 0,
    run: upgradeInput,
    attempt: [69, "Attempting to upgrade input file specified using deprecated input fields: "],
    success: [72, "Successfully upgraded file specified using deprecated input fields."],
    note: [74, "Note that future Caffe releases will only support input layers and not input fields."],
  },
  {
    needed: needsBatchNormUpgrade,
    run: upgradeBatchNorm,
    attempt: [79, "Attempting to upgrade batch norm layers using deprecated params: "],
    success: [82, "Successfully upgraded batch norm layers using deprecated params."],
  },
];

/** Whether a net is of an older form: has V0 or V1 layers, `input` fields, or BatchNorm layers with three specs. */
export function needsNetUpgrade(net: NetParameter): boolean {
  return upgrades.some(({ needed }) => needed(net));
}

/**
 * Upgrades a net of an older form to the current one, as Caffe does with every net it reads. It changes `net` itself.
 * A field that has no counterpart in the current form is left out, and logged as an error. Layers keep the place,
 * comments and unknown fields they were read with. Their blobs are not copied.
 *
 * @param origin names the file in log lines
 * @returns whether nothing was left out
 * @throws MokaError where Caffe stops with an error: see the single upgrades
 */
export function upgradeNetAsNeeded(net: NetParameter, origin: string, log: Log): boolean {
  let complete = true;
  for (const { needed, run, attempt, success, failure, note } of upgrades) {
    if (!needed(net)) continue;
    const say = (severity: "info" | "warning" | "error", [line, text]: Notice) =>
      log(severity, `upgrade_proto.cpp:${line}`, text);
    say("info", [attempt[0], attempt[1] + origin]);
    const isComplete = run(net, log) !== false;
    if (isComplete) say("info", success);
    else if (failure) say("error", failure);
    if (note) say("warning", note);
    complete &&= isComplete;
  }
  return complete;
}

/** Like `upgradeNetAsNeeded`, but returns the net; only the log says what is left out. */
export function upgradeNet(net: NetParameter, origin: string, log: Log): NetParameter {
  upgradeNetAsNeeded(net, origin, log);
  return net;
}
