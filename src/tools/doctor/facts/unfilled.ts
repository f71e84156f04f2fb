import { formatNumber } from "../../../util/number-format.js";
import { listed } from "../../../util/words.js";
import type { Cause } from "../cause.js";
import { blobsOf } from "../lab.js";
import { type Fit, isBlank, offOf, type Subject } from "../subject.js";
import { segmentBefore } from "../variants.js";

/**
 * Layers that the weights leave as fillers made them. A filler that makes the same values each time may be meant; it is shown to
 * be a cause where averages behind do not fit. BatchNorm layers are in `emptyAverages`.
 */
export function unfilledLayers({ gap, graph }: Subject, all: readonly Fit[]): Cause[] {
  const inFront = offOf(all).flatMap(({ norm }) => segmentBefore(graph, norm.message));
  const told = new Set([...gap.left.map(({ layer }) => layer), ...inFront].map(({ name }) => name));
  const left = gap.unfed.filter(({ type, name }) => type !== "BatchNorm" && told.has(name));
  if (left.length === 0) return [];
  const names = left.map(({ name }) => name);
  const meant = gap.left.flatMap(({ layer, meant: name }) =>
    name && names.includes(layer.name) ? [`"${name}" of the weights fits ${layer.name}`] : [],
  );
  return [
    {
      kind: "unfilled",
      shown: true,
      title: `no weights for ${listed(names, 3)}: what the filler made is still there`,
      layers: names,
      evidence: [
        `the weights have no blobs for ${listed(
          left.map(({ name, type }) => `"${name}" (${type})`),
          6,
        )}`,
        ...meant,
        ...untakenLine(gap),
      ],
      against: [],
      remedy:
        "Give the layers the names that the weights have, or the weights of these layers. Nothing else can be judged before that; " +
        "calibrating only fits averages to random weights.",
    },
  ];
}

/** BatchNorm layers whose blobs hold nothing, tried with averages measured on the data. */
export async function emptyAverages(subject: Subject): Promise<Cause[]> {
  const { norms, stored, training, given, lab, judge, gap } = subject;
  const empty = norms.filter(({ name }) => {
    const blobs = stored.get(name);
    return blobs && isBlank(blobs);
  });
  if (empty.length === 0) return [];
  const side = training ?? given;
  const names = empty.map(({ name }) => name);
  const measured = new Map(
    names.flatMap((name) => {
      const own = side.batch.norms.get(name);
      return own ? [[name, blobsOf(own)] as const] : [];
    }),
  );
  const { scores } = await lab.score(given.set, measured);
  const isScored = Object.keys(scores.outputs).length > 0;
  const missing = gap.left.filter(({ layer }) => names.includes(layer.name));
  return [
    {
      kind: "empty",
      shown: true,
      title: "there are no averages to normalize by",
      layers: names,
      evidence: [
        `the blobs of ${listed(names, 3)} are 0`,
        ...missing.slice(0, 3).map(({ layer, meant }) => {
          const fits = meant === undefined ? "" : `; their "${meant}" fits it`;
          return `the weights have no blobs for "${layer.name}"${fits}`;
        }),
        ...untakenLine(gap),
        `mean and variance count as 0 then, and what comes in is multiplied by 1/√eps, which is ${formatNumber(1 / Math.sqrt(empty[0]?.eps ?? 0), 3)} in ${names[0]}`,
        ...(isScored
          ? [
              `with averages measured on these data: ${judge.text(scores)}; as it is: ${judge.text(given.averages.scores)}`,
            ]
          : []),
      ],
      against: [],
      remedy:
        "Look whether the weights have these averages under another name (a BatchNorm with one name in TRAIN and another in TEST " +
        "is never trained); if only they are lost, moka calibrate measures them anew.",
    },
  ];
}

function untakenLine({ untaken }: Subject["gap"]): string[] {
  if (untaken.length === 0) return [];
  const names = untaken.map((name) => `"${name}"`);
  return [`no layer of the net takes ${listed(names, 3)} of the weights`];
}
