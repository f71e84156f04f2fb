// What lint takes to run backward is what a net runs backward: the same layers, the same gradients of their bottoms.
import { expect, test } from "vitest";
import { ReferenceEngine } from "../../src/engines/reference/index.js";
import { caffeBackward } from "../../src/lint/backward.js";
import { lintText } from "../../src/lint/lint.js";
import type { Rule } from "../../src/lint/rule.js";
import { Random } from "../../src/util/random.js";
import { drawNet } from "../any-nets.js";
import { lintContext } from "../lint.js";
import { netFromText } from "../nets.js";

/** The text with specs of lr_mult 0, and flags of propagate_down, drawn for some of its layers. */
function frozen(text: string, random: Random): string {
  const isFrozen = () => random.below(3) > 0;
  return text.replace(/force_backward: true/, "").replace(/layer \{ name: "[^"]*" type: "(\w+)"/g, (head, type) => {
    const most = { BatchNorm: 3, InnerProduct: 1, Convolution: 1, Scale: 1, PReLU: 1 }[type as string] ?? 0;
    const count = most === 3 ? random.below(4) : isFrozen() ? most : 0;
    return `${head} ${"param { lr_mult: 0 } ".repeat(count)}`;
  });
}

/** A loss on the last blob. */
function withLoss(text: string): string {
  const last = [...text.matchAll(/ top: "([^"]*)"/g)].at(-1)?.[1];
  return `${text}layer { name: "sum" type: "Reduction" bottom: "${last}" top: "sum" loss_weight: 1 }\n`;
}

/** What lint says of each layer by name: whether it runs, and which gradients it is asked for. */
async function planOf(text: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const rule: Rule = {
    id: "plan",
    severity: "info",
    summary: "",
    *check({ views }) {
      const view = views.find(({ phase }) => phase === "TRAIN");
      for (const layer of view?.layers ?? []) {
        const { runs, wanted } = (view && caffeBackward(view).get(layer)) ?? {};
        found.set(layer.name, `${runs} ${runs ? wanted : ""}`);
      }
    },
  };
  await lintText(text, undefined, [rule], {}, lintContext());
  return found;
}

test("of random nets, some layers of which are frozen", async () => {
  const random = new Random(7);
  let [compared, idle] = [0, 0];
  for (let seed = 1; seed <= 45; seed++) {
    const drawn = await drawNet(seed, "BatchNorm");
    const text = frozen(random.below(4) > 0 ? withLoss(drawn.text) : drawn.text, random);
    const net = await netFromText(text, { engine: new ReferenceEngine(), phase: "TRAIN" }).catch(() => undefined);
    if (!net) continue;
    const plan = await planOf(text);
    // Lint has no state TRAIN for a net without a loss.
    if (plan.size === 0) {
      await net.dispose();
      continue;
    }
    const own = net.nodes
      .filter(({ layer }) => layer.type !== "Split" || plan.has(layer.name))
      .map(({ layer, needsBackward, wanted }) => [layer.name, `${needsBackward} ${needsBackward ? wanted : ""}`]);
    expect(Object.fromEntries(own), text).toEqual(Object.fromEntries(plan));
    compared++;
    if (net.nodes.some(({ layer, needsBackward }) => layer.type === "BatchNorm" && needsBackward)) idle++;
    await net.dispose();
  }
  expect(compared).toBeGreaterThan(20);
  expect(idle).toBeGreaterThan(5);
});
