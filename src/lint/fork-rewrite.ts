import type { FieldNode } from "../proto/text/tree.js";
import { scaleOf } from "./batch-norms.js";
import type { Edit } from "./edits.js";
import { splitBlobs } from "./fork-blobs.js";
import type { ForkPlan } from "./fork-plan.js";
import { type ForkNorm, fieldsIn } from "./forks.js";
import { insertScale, scaleName } from "./insert-scale.js";
import type { LintLayer } from "./layer.js";
import type { LintNet } from "./net.js";
import type { Fix } from "./rule.js";

/** Rewrites a fork's batch normalization as a plan says, and gives its blobs to the layers that replace it. */
export function rewriteFork(net: LintNet, layer: LintLayer, norm: ForkNorm, plan: ForkPlan): Fix | undefined {
  const { body } = layer;
  const type = layer.fields("type").at(-1);
  if (!body || !type?.value) return undefined;
  const edits: Edit[] = [];
  if (plan.type !== layer.type) edits.push(...net.edit.replace(type.value, `"${plan.type}"`));
  edits.push(...message(net, layer, norm, plan));
  if (!plan.scale) return { edits, weights: ownWeights(net, layer, plan) };
  const scale = insertScale(net, layer, plan.scale.specs, plan.scale.own);
  if (!scale) return undefined;
  const behind = scaleName(net, layer);
  return { edits: [...edits, ...scale.edits], weights: (weights) => splitBlobs(weights, layer.name, behind) };
}

/** Distributes the blobs if no Scale is added: the layer itself becomes a Scale, or a Scale exists already. */
function ownWeights({ views }: LintNet, layer: LintLayer, { type }: ForkPlan): Fix["weights"] {
  const behind = type === "Scale" ? layer : views.map((view) => scaleOf(view, layer)).find(Boolean);
  return behind && ((weights) => splitBlobs(weights, layer.name, behind.name));
}

function message(net: LintNet, layer: LintLayer, { param }: ForkNorm, plan: ForkPlan): Edit[] {
  const { body } = layer;
  const { edit } = net;
  const { type, become = [], drop, add, dropSpecs } = plan;
  const own = type === "Scale" ? "scale_param" : "batch_norm_param";
  const edits: Edit[] = [];
  for (const [field, { name, value }] of become) {
    edits.push({ start: field.offset, end: field.nameEnd, replacement: name });
    if (value !== undefined && field.value) edits.push(...edit.replace(field.value, value));
  }
  if (param?.value?.kind === "message" && (add || drop.length < fieldsIn(param).length)) {
    if (param.name !== own) edits.push({ start: param.offset, end: param.nameEnd, replacement: own });
    const made = add && drop.length === 0 ? edit.insert(param.value, add) : swap(net, drop, add);
    return [...edits, ...made, ...swap(net, dropSpecs)];
  }
  if (param) edits.push(...edit.remove(param));
  const missing = add && `${own} { ${add} }`;
  if (body && missing && dropSpecs.length === 0) edits.push(...edit.insert(body, missing));
  return [...edits, ...swap(net, dropSpecs, missing)];
}

/** Deletes fields; `by` replaces the first of them. */
export function swap(net: Pick<LintNet, "edit" | "text">, fields: readonly FieldNode[], by?: string): Edit[] {
  const [first, ...rest] = fields;
  if (!first) return [];
  if (by) return [{ start: first.offset, end: first.end, replacement: by }, ...swap(net, rest)];
  return runs(net.text, fields).flatMap((field) => net.edit.remove(field));
}

/** Joins fields that are on one line with only blanks between them. */
function runs(text: string, fields: readonly FieldNode[]): readonly FieldNode[] {
  const found: FieldNode[] = [];
  for (const field of fields.toSorted((a, b) => a.offset - b.offset)) {
    const last = found.at(-1);
    if (!last || !/^[ \t]*$/.test(text.slice(last.separatorEnd, field.offset))) found.push(field);
    else found[found.length - 1] = { ...last, end: field.end, separatorEnd: field.separatorEnd };
  }
  return found;
}
