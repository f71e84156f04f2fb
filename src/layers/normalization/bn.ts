import { isFieldSet } from "@bufbuild/protobuf";
import type { LayerConstructor, LayerVariants } from "../../core/catalog.js";
import type { LayerContext } from "../../core/layer.js";
import { BNParameterSchema, type LayerParameter } from "../../proto/gen/caffe_pb.js";
import { BNPspLayer } from "./bn-psp.js";
import { BNSegnetLayer } from "./bn-segnet.js";

/**
 * Batch normalization with scale and shift inside, as SegNet has it, without averages, or as PSPNet has it, with averages. The two
 * layers have one name: see `BNSegnetLayer` and `BNPspLayer`, which say what they compute.
 *
 * Bottom x (N, C, …) with channels on axis 1; the first top has its shape.
 *
 * Which one a layer is shows, in this order: by fields of `bn_param` that only one has (`scale_filler`, `shift_filler`, `bn_mode`:
 * SegNet; `slope_filler`, `bias_filler`, `momentum`, `eps`, `frozen`, Synopsys's `icnet: true`: PSPNet), by three tops (SegNet), by its blobs in the weights
 * (2 or 4), by its number of param specs (2 or 4), by the dialects (`--dialect`). If these have both, the more probable one is
 * taken, and a warning says so.
 */
export class BNLayer extends BNPspLayer {
  static override readonly type = "BN";
  static readonly variants: LayerVariants = { classes: [BNPspLayer, BNSegnetLayer], choose };
}

const fieldsOf = {
  segnet: ["scaleFiller", "shiftFiller", "bnMode"],
  psp: ["slopeFiller", "biasFiller", "momentum", "eps", "frozen"],
} as const;

const kindOf: ReadonlyMap<string, Kind> = new Map([
  ["segnet", "segnet"],
  ["segnet-cudnn5", "segnet"],
  ["synopsys", "segnet"],
  ["pspnet", "psp"],
  ["yjxiong", "psp"],
  ["happynear", "psp"],
  ["l-softmax", "psp"],
]);

function choose(message: LayerParameter, context: LayerContext): LayerConstructor {
  return kindOfBN(message, context) === "segnet" ? BNSegnetLayer : BNPspLayer;
}

type Kind = keyof typeof fieldsOf;
type Context = Pick<LayerContext, "blobsOf" | "dialects" | "log">;

/** Whose BN a layer of this type is. */
export function kindOfBN(message: LayerParameter, context: Context): Kind {
  const { name, param } = message;
  const kind = kindByFields(message) ?? kindByCount(context.blobsOf?.(name)) ?? kindByCount(param.length);
  return kind ?? guessed(name, context);
}

function kindByFields({ bnParam, top }: LayerParameter): Kind | undefined {
  const has = (kind: Kind) =>
    bnParam !== undefined && fieldsOf[kind].some((field) => isFieldSet(bnParam, BNParameterSchema.field[field]));
  if (bnParam?.icnet) return "psp";
  if (has("psp") !== has("segnet")) return has("psp") ? "psp" : "segnet";
  return top.length > 1 ? "segnet" : undefined;
}

/** By the number of its blobs or of its param specs. */
function kindByCount(count: number | undefined): Kind | undefined {
  return count === 2 ? "segnet" : count === 4 ? "psp" : undefined;
}

/** By the dialects. They are a guess themselves if they have both kinds. */
function guessed(layer: string, { dialects = [], log }: Context): Kind {
  const [kind = "psp", ...others] = new Set(dialects.flatMap((dialect) => kindOf.get(dialect) ?? []));
  if (dialects.length === 0 || others.length > 0) {
    log(
      "warning",
      "bn_layer.cpp:1",
      `layer "${layer}" (BN) may be SegNet's or PSPNet's, and nothing in it or in weights given with the net tells which; it is taken ` +
        `for ${kind === "segnet" ? "SegNet" : "PSPNet"}'s (say --dialect segnet or --dialect pspnet)`,
    );
  }
  return kind;
}
