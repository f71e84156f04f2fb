import { LayerParameterSchema, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { applyEdits, type Edit, overlap } from "./edits.js";
import { type Finding, type FoundProblem, type Levels, lintText } from "./lint.js";
import type { LintContext } from "./read-net.js";
import type { Rule } from "./rule.js";

/** A text that was repaired. */
export interface FixedText {
  readonly text: string;
  /** The findings that were repaired, in the order of the repairs. */
  readonly fixed: readonly Finding[];
  /** The findings that are left, at their places in the new text. */
  readonly findings: readonly Finding[];
  /** The changed weights; undefined if none were given, or no fix changed them. */
  readonly weights: NetParameter | undefined;
}

/** A limit on the rounds; fixes that overlap need one round each. */
const maxRounds = 20;

/**
 * Repairs a text in rounds, until no finding has a fix. A round makes all fixes that do not overlap; a fix that
 * overlaps with one of these waits for the next round.
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

/** The findings with fixes that do not overlap; of two that do the first is taken. */
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

/** A copy of a net whose layers and lists of blobs can be changed; it shares the blobs. */
function copyOf(net: NetParameter): NetParameter {
  const copy = copyMessage(NetParameterSchema, net);
  copy.layer = net.layer.map((layer) => copyMessage(LayerParameterSchema, layer));
  return copy;
}
