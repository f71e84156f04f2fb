import { create, isFieldSet } from "@bufbuild/protobuf";
import { type ParamSpec, ParamSpec_DimCheckMode, ParamSpecSchema } from "../proto/gen/caffe_pb.js";
import { countOf, formatShape, type Shape, sameShape } from "../util/shape.js";
import type { Layer } from "./layer.js";
import type { Tensor } from "./tensor.js";

/** A parameter that the solver updates; a parameter shared by several layers is one. */
export interface Learnable {
  /** Its values and gradients. */
  readonly tensor: Tensor;
  /** The layer that owns it, and the parameter's index there. */
  readonly layer: Layer;
  readonly index: number;
  /** Its name in the prototxt, or its index. */
  readonly label: string;
  /** Multiplier of the learning rate; 0: it does not learn. */
  lrMult: number;
  /** Multiplier of the weight decay. */
  decayMult: number;
}

interface Owner extends Learnable {
  /** The multipliers that a prototxt gives. */
  readonly given: Set<keyof typeof multipliers>;
}

const multipliers = { lrMult: "lr_mult", decayMult: "decay_mult" } as const;

/** The spec of a layer's parameter; Caffe's defaults where the prototxt gives none. */
export function paramSpec(layer: Layer, index: number): ParamSpec {
  return specOf(layer.message.param, index);
}

/** The spec of a parameter in a list of them; Caffe's defaults beyond its end. */
export function specOf(specs: readonly ParamSpec[], index: number): ParamSpec {
  return specs[index] ?? create(ParamSpecSchema);
}

/** @throws MokaError `MOKA_SHAPE` if a layer's parameter cannot share values of the shape `owned` */
export function checkShared(layer: Layer, { shape }: Tensor, spec: ParamSpec, owned: Shape, owner: string): void {
  const permissive = spec.shareMode === ParamSpec_DimCheckMode.PERMISSIVE;
  layer.check(
    permissive ? countOf(shape) === countOf(owned) : sameShape(shape, owned),
    "MOKA_SHAPE",
    `param "${spec.name}" has shape ${formatShape(shape)} here, but ${formatShape(owned)} ${owner}` +
      (permissive ? " (share_mode: PERMISSIVE needs equal counts)" : ""),
  );
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

  /** Adds a layer's parameters, and returns Caffe's log lines. */
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
      given: new Set(givenBy(spec)),
    };
    this.#owners.push(owner);
    if (spec.name) this.#named.set(spec.name, owner);
  }

  #share(layer: Layer, tensor: Tensor, spec: ParamSpec, owner: Owner): void {
    checkShared(layer, tensor, spec, owner.tensor.shape, `in layer "${owner.layer.name}", which owns it`);
    tensor.shareData(owner.tensor);
    tensor.shareDiff(owner.tensor);
    for (const name of givenBy(spec)) {
      const [first, here] = [owner[name], spec[name]];
      layer.check(
        !owner.given.has(name) || first === here,
        "MOKA_FIELD",
        `shared param "${spec.name}" has ${multipliers[name]} ${here} here, but ${first} in layer "${owner.layer.name}"`,
      );
      owner[name] = here;
      owner.given.add(name);
    }
  }
}

function givenBy(spec: ParamSpec) {
  return (["lrMult", "decayMult"] as const).filter((name) => isFieldSet(spec, ParamSpecSchema.field[name]));
}
