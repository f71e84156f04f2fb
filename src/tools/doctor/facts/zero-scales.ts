import { listed } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import { type Fit, namesOf, offOf, type Subject } from "../subject.js";
import { segmentBefore } from "../variants.js";

/**
 * Scale layers that let nothing through. It is shown where all images come out the same, or where the averages behind are of
 * values that the Scale let through.
 */
export function zeroScales({ norms, largestScales, given, graph }: Subject, all: readonly Fit[]): Cause[] {
  const zero = norms.flatMap((norm) =>
    norm.scale && largestScales.get(norm.scale.name) === 0 ? [{ norm, scale: norm.scale }] : [],
  );
  if (zero.length === 0) return [];
  const names = zero.map(({ scale }) => scale.name);
  const still = norms.filter(({ name }) => {
    const variance = given.batch.norms.get(name)?.variance;
    return variance !== undefined && Array.from(variance).every((value) => value < 1e-12);
  });
  const behind = offOf(all).filter(({ norm }) => {
    const segment = segmentBefore(graph, norm.message);
    return zero.some((each) => segment.includes(each.scale));
  });
  const ownFits = zero.every(({ norm }) => all.some((fit) => fit.norm === norm && !fit.isOff));
  const { predictions } = given.batch;
  const saysOne = predictions !== undefined && saysOneClass(predictions.table, predictions.classes);
  // In a residual net the branch with γ = 0 only adds nothing; some trainings begin so.
  const isResidual = zero.every(({ scale }) =>
    graph.readers(scale).some(({ layer }) => graph.messageOf(layer).type === "Eltwise"),
  );
  return [
    {
      kind: "zero-scale",
      shown: still.length > 0 || saysOne || (behind.length > 0 && ownFits),
      title: `γ is 0 throughout in ${listed(names, 3)}`,
      layers: names,
      evidence: [
        `all γ of ${listed(names, 3)} are 0: what comes out is β, whatever goes in`,
        ...(still.length > 0
          ? [
              `what reaches ${listed(
                still.map(({ name }) => name),
                3,
              )} is the same for all images`,
            ]
          : []),
        ...(saysOne ? ["the net says the same class for all images"] : []),
        ...(behind.length > 0 && ownFits
          ? [`the averages just in front fit, and those of ${listed(namesOf(behind), 3)}, just behind, do not`]
          : []),
      ],
      against: isResidual
        ? ["each is added to a shortcut, which goes on without it; some trainings begin with γ = 0"]
        : [],
      remedy:
        "Look at what set these blobs to 0 (a filler, a tool, weight decay). Calibrating changes nothing here; train again, or take the " +
        "Scale's weights from an earlier snapshot.",
    },
  ];
}

function saysOneClass(table: Float64Array, classes: number): boolean {
  const said = new Set<number>();
  table.forEach((value, at) => {
    if (value > 0) said.add(at % classes);
  });
  return said.size === 1;
}
