import { originOf } from "../../layers/registry.js";
import { grouped } from "../../util/grouped.js";
import { counted } from "../../util/words.js";
import type { Edit } from "../edits.js";
import { forkNorm } from "../forks.js";
import type { LintLayer } from "../layer.js";
import type { LintNet } from "../net.js";
import type { Problem, Rule } from "../rule.js";

export const forkLayers: Rule = {
  id: "fork-layers",
  severity: "info",
  summary: "a layer type of a fork of Caffe: Moka runs it, BVLC's Caffe does not",

  *check(net) {
    const found = net.layers.filter((layer) => net.types.includes(layer.type) && !forkNorm(layer));
    for (const [type, layers] of grouped(found, ({ type }) => type)) {
      const fork = originOf(type);
      if (fork === undefined) continue;
      const groups = layers.map((layer): [LintLayer, number | undefined] => [layer, depthwiseGroup(net, layer)]);
      const fixable = groups.filter(([layer, group]) => group !== undefined && layer.body);
      const left = groups.filter((each) => !fixable.includes(each));
      if (fixable.length > 0) yield problem(net, fork, fixable);
      if (left.length > 0) yield problem(net, fork, left);
    }
  },
};

type Found = readonly [layer: LintLayer, group: number | undefined];

function problem(net: LintNet, fork: string, found: readonly Found[]): Problem {
  const [first] = found[0] as Found;
  const more = found.length > 1 ? `, and ${counted(found.length - 1, "more layer")} of this type` : "";
  const edits = found.flatMap(([layer, group]) => asConvolution(net, layer, group));
  const same = edits.length > 0 ? " A Convolution with the same group and blobs computes the same." : "";
  return {
    at: first.at("type"),
    message: `${first.label} is of a type that BVLC's Caffe does not have; it is ${fork}${more}`,
    why: `Moka runs it. BVLC's Caffe aborts with "Unknown layer type: ${first.type}": it takes a Caffe built from that fork.${same}`,
    fix: edits.length > 0 ? { edits } : undefined,
  };
}

/** The group of a Convolution that computes the same as a layer of another name; undefined if there is none, or it is not known. */
function depthwiseGroup({ views }: LintNet, { message, facts }: LintLayer): number | undefined {
  const groups = views.flatMap((view) => {
    const layer = view.layers.find((each) => each.message === message);
    return layer ? [facts?.convolutionGroup(view.bottomShapes(layer)[0])] : [];
  });
  const [group] = groups;
  return groups.every((each) => each === group) ? group : undefined;
}

function asConvolution({ edit }: LintNet, layer: LintLayer, group: number | undefined): readonly Edit[] {
  const { value } = layer.fields("type").at(-1) ?? {};
  if (group === undefined || !value || !layer.body) return [];
  const given = layer.message.convolutionParam?.group ?? 1;
  const regroup = group === given ? [] : edit.set(layer.body, ["convolution_param", "group"], String(group));
  return [...edit.replace(value, '"Convolution"'), ...regroup];
}
