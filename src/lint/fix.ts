import { LayerParameterSchema, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { Issues } from "../proto/text/issues.js";
import { parseTree } from "../proto/text/parser.js";
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
const maxRounds = 50;

/**
 * Repairs a text in rounds, until no finding has a fix. A round makes all fixes that do not overlap; a fix that
 * overlaps with one of these waits for the next round. The result of a round is read again: if it has more errors than
 * the text before, the round is made again with fewer fixes, and a single fix that makes a text worse is left out.
 */
export async function fixText(
  text: string,
  file: string | undefined,
  rules: readonly Rule[],
  levels: Levels,
  context: LintContext,
): Promise<FixedText> {
  const read = async (text: string, weights: NetParameter | undefined): Promise<State> => {
    const found = await lintText(text, file, rules, levels, { ...context, weights });
    return { text, weights, found, unread: unreadIn(text), errors: found.filter(isError).length };
  };
  let now = await read(text, context.weights);
  let most = Number.POSITIVE_INFINITY;
  const fixed: Finding[] = [];
  const seen = new Set([text]);
  const refused = new Set<string>();
  for (let round = 0; round < maxRounds; round++) {
    const open = now.found.filter((finding) => !refused.has(keyOf(finding)));
    const chosen = compatible(open).slice(0, most);
    if (chosen.length === 0) break;
    const edits = chosen.flatMap(({ fix }) => fix?.edits ?? []);
    const text = applyEdits(now.text, edits);
    const onlyWeights = now.weights && chosen.some(({ fix }) => fix?.weights && fix.edits.length === 0);
    if (seen.has(text) && !onlyWeights) break;
    const next = await read(text, changedWeights(now.weights, chosen));
    if (next.unread > now.unread || next.errors > now.errors) {
      const [only] = chosen;
      if (chosen.length === 1 && only) refused.add(keyOf(only));
      most = chosen.length === 1 ? Number.POSITIVE_INFINITY : Math.ceil(chosen.length / 2);
      continue;
    }
    fixed.push(...chosen.map(withoutFix));
    seen.add(text);
    most = Number.POSITIVE_INFINITY;
    now = next;
  }
  const weights = now.weights === context.weights ? undefined : now.weights;
  const findings = now.found.map((finding) => {
    return { ...withoutFix(finding), fixable: finding.fixable && !refused.has(keyOf(finding)) };
  });
  return { text: now.text, fixed, findings, weights };
}

/** A text between two rounds, with the weights that belong to it. */
interface State {
  readonly text: string;
  readonly weights: NetParameter | undefined;
  readonly found: readonly FoundProblem[];
  /** The number of places that the reader makes no sense of, whatever the rules are. */
  readonly unread: number;
  /** The number of findings that are errors. */
  readonly errors: number;
}

function unreadIn(text: string): number {
  const issues = new Issues();
  parseTree(text, issues);
  return issues.sorted().filter(isError).length;
}

function isError({ severity }: { readonly severity: string }): boolean {
  return severity === "error";
}

function keyOf({ rule, message }: Finding): string {
  return `${rule} ${message}`;
}

/** Weights after fixes; those given if no fix changes them. */
function changedWeights(weights: NetParameter | undefined, chosen: readonly FoundProblem[]): NetParameter | undefined {
  const changes = chosen.flatMap(({ fix }) => fix?.weights ?? []);
  if (!weights || changes.length === 0) return weights;
  const changed = copyOf(weights);
  for (const change of changes) change(changed);
  return changed;
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

function withoutFix({ fix: _, ...finding }: FoundProblem): Finding {
  return finding;
}

/** A copy of a net whose layers and lists of blobs can be changed; it shares the blobs. */
function copyOf(net: NetParameter): NetParameter {
  const copy = copyMessage(NetParameterSchema, net);
  copy.layer = net.layer.map((layer) => copyMessage(LayerParameterSchema, layer));
  return copy;
}
