import { LayerParameterSchema, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { applyEdits, type Edit, overlap } from "./edits.js";
import { type Finding, type FoundProblem, type Levels, lintText } from "./lint.js";
import type { LintContext } from "./read-net.js";
import type { Rule } from "./rule.js";

/** A text that was repaired. */
export interface FixedText {
  readonly text: string;
  /** What was repaired, in the order in which it was. */
  readonly fixed: readonly Finding[];
  /** What is left, at its place in the new text. */
  readonly findings: readonly Finding[];
  /** The weights, where they were given and a fix had to change them. */
  readonly weights: NetParameter | undefined;
}

/** More rounds than fixes that wait for each other need. */
const maxRounds = 20;

/**
 * Repairs what can be repaired. Fixes that change the same characters are made one after the other, each on what the
 * one before it left, until nothing is found that has a fix.
 */
export async function fixText(
  text: string,
  file: string | undefined,
  rules: readonly Rule[],
  levels: Levels,
  context: LintContext,
): Promise<FixedText> {
  let weights = context.weights;
  const fixed: Finding[] = [];
  const seen = new Set([text]);
  for (let round = 0; ; round++) {
    const found = await lintText(text, file, rules, levels, { ...context, weights });
    const chosen = round < maxRounds ? compatible(found) : [];
    const next = applyEdits(
      text,
      chosen.flatMap(({ fix }) => fix?.edits ?? []),
    );
    const onlyWeights = weights && chosen.some(({ fix }) => fix?.weights && fix.edits.length === 0);
    if (chosen.length === 0 || (seen.has(next) && !onlyWeights)) {
      const changed = weights === context.weights ? undefined : weights;
      return { text, fixed, findings: found.map(withoutFix), weights: changed };
    }
    for (const { fix } of chosen) {
      if (!fix?.weights || !weights) continue;
      if (weights === context.weights) weights = copyOf(weights);
      fix.weights(weights);
    }
    fixed.push(...chosen.map(withoutFix));
    seen.add(next);
    text = next;
  }
}

/** As many of the fixes as do not get in each other's way, the first first. */
function compatible(found: readonly FoundProblem[]): FoundProblem[] {
  const taken: Edit[] = [];
  return found.filter(({ fix }) => {
    if (!fix || fix.edits.some((edit) => taken.some((other) => overlap(edit, other)))) return false;
    taken.push(...fix.edits);
    return true;
  });
}

export function withoutFix({ fix: _, ...finding }: FoundProblem): Finding {
  return finding;
}

/** A net whose layers and lists of blobs can be changed; the blobs are shared. */
function copyOf(net: NetParameter): NetParameter {
  const copy = copyMessage(NetParameterSchema, net);
  copy.layer = net.layer.map((layer) => copyMessage(LayerParameterSchema, layer));
  return copy;
}
