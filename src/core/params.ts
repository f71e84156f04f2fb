import { create, isFieldSet } from "@bufbuild/protobuf";
import { type ParamSpec, ParamSpec_DimCheckMode, ParamSpecSchema } from "../proto/gen/caffe_pb.js";
import { formatShape, sameShape } from "../util/shape.js";
import type { Layer } from "./layer.js";
import type { Tensor } from "./tensor.js";

/** A parameter that the solver updates; a parameter shared by several layers is one. */
export interface Learnable {
  readonly tensor: Tensor;
  /** The layer that owns it, and the parameter's index there. */
  readonly layer: Layer;
  readonly index: number;
  /** Its name in the prototxt, or its index. */
  readonly label: string;
  lrMult: number;
  decayMult: number;
}

interface Owner extends Learnable {
  hasLrMult: boolean;
  hasDecayMult: boolean;
}

/** The spec of a layer's parameter; Caffe's defaults if the prototxt gives none. */
export function paramSpec(layer: Layer, index: number): ParamSpec {
  return layer.message.param[index] ?? create(ParamSpecSchema);
}

/**
 * Collects the parameters of a net and shares those with the same `param { name }`: the first layer with the name owns
 * the parameter, the others use its data and add to its diff.
 */
export class ParamTable {
  readonly #named = new Map<string, Owner>();
  readonly #owners: Owner[] = [];

  /** All parameters, in the order of the layers; shared ones once. */
  get learnables(): readonly Learnable[] {
    return this.#owners;
  }

  /** Adds a layer's parameters; returns Caffe's log lines. */
  add(layer: Layer): string[] {
    const lines: string[] = [];
    layer.params.forEach((tensor, index) => {
      const spec = paramSpec(layer, index);
      const owner = spec.name ? this.#named.get(spec.name) : undefined;
      if (owner) {
        lines.push(
          `Sharing parameters '${spec.name}' owned by layer '${owner.layer.name}', param index ${owner.index}`,
        );
        this.#share(layer, tensor, spec, owner);
      } else {
        this.#own(layer, tensor, spec, index);
      }
    });
    return lines;
  }

  #own(layer: Layer, tensor: Tensor, spec: ParamSpec, index: number): void {
    const owner: Owner = {
      tensor,
      layer,
      index,
      label: spec.name || String(index),
      lrMult: spec.lrMult,
      decayMult: spec.decayMult,
      hasLrMult: isFieldSet(spec, ParamSpecSchema.field.lrMult),
      hasDecayMult: isFieldSet(spec, ParamSpecSchema.field.decayMult),
    };
    this.#owners.push(owner);
    if (spec.name) this.#named.set(spec.name, owner);
  }

  #share(layer: Layer, tensor: Tensor, spec: ParamSpec, owner: Owner): void {
    const permissive = spec.shareMode === ParamSpec_DimCheckMode.PERMISSIVE;
    layer.check(
      permissive ? tensor.count === owner.tensor.count : sameShape(tensor.shape, owner.tensor.shape),
      "MOKA_SHAPE",
      `param "${spec.name}" has shape ${formatShape(tensor.shape)} here, but ` +
        `${formatShape(owner.tensor.shape)} in layer "${owner.layer.name}", which owns it` +
        (permissive ? " (share_mode: PERMISSIVE needs equal counts)" : ""),
    );
    tensor.shareData(owner.tensor);
    tensor.shareDiff(owner.tensor);
    if (isFieldSet(spec, ParamSpecSchema.field.lrMult)) {
      this.#match(layer, spec.name, "lr_mult", owner.hasLrMult, owner.lrMult, spec.lrMult, owner);
      owner.lrMult = spec.lrMult;
      owner.hasLrMult = true;
    }
    if (isFieldSet(spec, ParamSpecSchema.field.decayMult)) {
      this.#match(layer, spec.name, "decay_mult", owner.hasDecayMult, owner.decayMult, spec.decayMult, owner);
      owner.decayMult = spec.decayMult;
      owner.hasDecayMult = true;
    }
  }

  #match(layer: Layer, name: string, field: string, given: boolean, first: number, here: number, owner: Owner): void {
    layer.check(
      !given || first === here,
      "MOKA_FIELD",
      `shared param "${name}" has ${field} ${here} here, but ${first} in layer "${owner.layer.name}"`,
    );
  }
}
