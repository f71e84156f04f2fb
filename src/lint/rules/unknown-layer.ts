import { forkOf } from "../../layers/registry.js";
import { closest, hintAt } from "../../util/closest.js";
import { grouped } from "../../util/grouped.js";
import { counted } from "../../util/words.js";
import { forkNorm } from "../forks.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";

export const unknownLayer: Rule = {
  id: "unknown-layer",
  severity: "warning",
  summary: "a layer type that Caffe does not have",

  *check(net) {
    const unknown = net.layers.filter((layer) => !net.types.includes(layer.type) && !forkNorm(layer));
    for (const [type, layers] of grouped(unknown, ({ type }) => type)) {
      const [first, ...others] = layers;
      if (!first) continue;
      // The type of a V1 layer was not read; caffe-refuses reports that.
      if (type === "" && !first.body) continue;
      const wanted = similarType(type, net.types);
      if (type === "" || wanted) for (const layer of layers) yield misspelled(layer, wanted, net);
      else yield type === "Python" ? pythonLayer(first, others.length) : unknownType(first, others.length);
    }
  },
};

/** The type that was probably meant; undefined for types of forks, and for those with a digit, as "ReLU7". */
function similarType(type: string, types: readonly string[]): string | undefined {
  if (type === "Python" || forkOf(type) || /\d/.test(type)) return undefined;
  const same = types.find((other) => other.toLowerCase() === type.toLowerCase());
  return same ?? (type.length > 4 ? closest(type, types) : undefined);
}

function misspelled(layer: LintLayer, wanted: string | undefined, { edit }: LintNet): Problem {
  const { value } = layer.fields("type").at(-1) ?? {};
  return {
    at: layer.at("type"),
    severity: "error",
    message: wanted
      ? `${layer.label} is of a type that does not exist${hintAt(`"${wanted}"`)}`
      : `layer "${layer.name}" has no type`,
    why: `Caffe aborts with "Unknown layer type: ${layer.type}" when it makes this layer, and names those that it has.`,
    fix: wanted && value ? { edits: edit.replace(value, `"${wanted}"`) } : undefined,
  };
}

function pythonLayer(layer: LintLayer, more: number): Problem {
  const { module, layer: name } = layer.message.pythonParam ?? { module: "", layer: "" };
  return {
    at: layer.at("type"),
    severity: "info",
    message: `${layer.label} is written in Python${andMore(more, "Python layer")}`,
    why:
      `Moka never runs the class "${name}" of the module "${module}": write it as a layer in TypeScript and register that as ` +
      `"${module}/${name}". Caffe runs it only if it was built with WITH_PYTHON_LAYER. Shapes behind it are not checked here.`,
  };
}

function unknownType(layer: LintLayer, more: number): Problem {
  const fork = forkOf(layer.type);
  return {
    at: layer.at("type"),
    message: `${layer.label} is of a type that Caffe does not have${fork ? `; it is ${fork}` : ""}${andMore(more, "layer")}`,
    why:
      `Caffe aborts with "Unknown layer type: ${layer.type}", unless it is a build that has this type; Moka needs a class of that ` +
      "name to be registered. Shapes of what is behind it are not checked here.",
  };
}

function andMore(more: number, noun: string): string {
  return more > 0 ? `, and ${counted(more, `more ${noun}`)} of this type` : "";
}
