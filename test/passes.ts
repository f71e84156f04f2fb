import { type PassName, passNames } from "../src/core/execution.js";
import { type PassContext, type Plan, PlanDraft, type Rewritten } from "../src/core/passes/plan-draft.js";
import { describeProgram } from "../src/core/run.js";
import { Span } from "../src/core/span.js";
import { type NetSetup, netFromText } from "./nets.js";

/** A setting of passes; it must not change the results of a net. */
export interface PassSetting {
  readonly name: string;
  readonly keep: "all" | "outputs";
  readonly passes: readonly PassName[];
}

/** No passes, all passes, all passes but one, and each pass alone. */
export const passSettings: readonly PassSetting[] = [
  { name: "no passes", keep: "all", passes: [] },
  { name: "all passes, all blobs kept", keep: "all", passes: passNames },
  { name: "all passes", keep: "outputs", passes: passNames },
  ...(["all", "outputs"] as const).flatMap((keep) =>
    passNames.flatMap((pass) => [
      { name: `without ${pass}, ${keep} kept`, keep, passes: passNames.filter((name) => name !== pass) },
      { name: `${pass} alone, ${keep} kept`, keep, passes: [pass] },
    ]),
  ),
];

/** The settings with which the net has other steps, or other places of blobs, than with any earlier setting. */
export async function distinctSettings(
  text: string,
  setup: NetSetup = {},
  settings = passSettings,
): Promise<readonly PassSetting[]> {
  const distinct = new Map<string, PassSetting>();
  for (const setting of settings) {
    const net = await netFromText(text, { ...setup, ...setting });
    const { plan, memory } = net.execution;
    const names = net.layers.map(({ name }) => name);
    const key = JSON.stringify([
      ...[plan.forward, plan.backward ?? []].map((steps) => describeProgram({ steps }, names)),
      memory?.placements.map(({ span, offset }) => [span.name, offset]),
    ]);
    if (!distinct.has(key)) distinct.set(key, setting);
    await net.dispose();
  }
  return [...distinct.values()];
}

/** A plan after one pass. */
export function rewritten(
  pass: (draft: PlanDraft, context: PassContext) => Rewritten,
  plan: Plan,
  { engine, ...context }: Partial<PassContext> & Pick<PassContext, "engine">,
): Plan & Rewritten {
  const draft = new PlanDraft(plan);
  const aside = ({ name, count }: Span) => new Span(`${name}~`, count, engine);
  const result = pass(draft, { engine, keep: "outputs", kept: undefined, inference: false, aside, ...context });
  draft.settle();
  return { ...draft.plan, ...result };
}
