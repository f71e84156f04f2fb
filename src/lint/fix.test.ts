import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { lintContext } from "../../test/lint.js";
import { LayerParameterSchema, type NetParameter, NetParameterSchema } from "../proto/gen/caffe_pb.js";
import { fixText } from "./fix.js";
import type { LintNet } from "./net.js";
import type { Fix, Rule } from "./rule.js";

const text = `# a net
layer { name: "a" type: "ReLU" bottom: "x" top: "a" } # first
layer { name: "b" type: "ReLU" bottom: "a" top: "b" }
`;

/** A rule that wants a type for each layer, and repairs that with `fixOf`. */
const rule = (id: string, type: string, fixOf: (net: LintNet, index: number) => Fix | undefined): Rule => ({
  ...{ id, severity: "error", summary: "" },
  *check(net) {
    for (const [index, layer] of net.layers.entries()) {
      if (layer.type === type || layer.type.endsWith("!")) continue;
      yield { at: layer.at("type"), message: `${layer.label} is no ${type}`, why: "", fix: fixOf(net, index) };
    }
  },
});

const setType = (type: string) => (net: LintNet, index: number) => {
  const { body } = net.layers[index];
  return body && { edits: net.edit.set(body, ["type"], `"${type}"`) };
};

const run = (rules: readonly Rule[], weights?: NetParameter) =>
  fixText(text, undefined, rules, {}, lintContext(weights ? { weights } : {}));

test("what does not overlap is repaired at once, the rest of the text stays", async () => {
  const { text: after, fixed, findings } = await run([rule("one", "TanH", setType("TanH"))]);
  expect(after).toBe(text.replaceAll("ReLU", "TanH"));
  expect([fixed.map(({ line }) => line), findings]).toEqual([[2, 3], []]);
  expect(fixed[0]).not.toHaveProperty("fix");
});

test("fixes of one place are made one after the other", async () => {
  const seen: string[] = [];
  const one = rule("one", "TanH", (net, index) => {
    seen.push(net.layers[index].type);
    return setType("TanH!")(net, index);
  });
  const two = rule("two", "Sigmoid", (net, index) => {
    const { type } = net.layers[index];
    return setType(type === "TanH!" ? "Both!" : "Sigmoid")(net, index);
  });
  const { text: after, fixed } = await run([one, two]);
  expect(after).toBe(text.replaceAll("ReLU", "TanH!"));
  expect(fixed.map(({ rule }) => rule)).toEqual(["one", "one"]);
  expect(seen).toEqual(["ReLU", "ReLU"]);
});

test("fixes that undo each other come to an end", async () => {
  const flip = rule("flip", "", (net, index) => setType(net.layers[index].type === "A" ? "B" : "A")(net, index));
  const { text: after, findings } = await run([flip]);
  expect(["A", "B"].map((type) => text.replaceAll("ReLU", type))).toContain(after);
  expect(findings).toHaveLength(2);
});

test("fixes that go on for ever come to an end", async () => {
  const grow = rule("grow", "", (net, index) => setType(`${net.layers[index].type}x`)(net, index));
  const { text: after } = await run([grow]);
  expect(after).toMatch(/ReLUx{5,}"/);
});

test("what has no fix is left, at its place in the new text", async () => {
  const longer = rule("longer", "TanH!", (net, index) => (index === 0 ? setType("\\n\\n!")(net, index) : undefined));
  const { findings, fixed } = await run([longer]);
  expect(fixed).toHaveLength(1);
  expect(findings).toMatchObject([{ rule: "longer", line: 3, fixable: false }]);
});

test("weights are changed in a copy, and only where a fix changes them", async () => {
  const weights = create(NetParameterSchema, { layer: [create(LayerParameterSchema, { name: "a" })] });
  const one = rule("one", "TanH", (net, index) => {
    const edits = setType("TanH")(net, index)?.edits ?? [];
    const change = (all: NetParameter) => {
      const [layer] = all.layer;
      if (layer) layer.name += index;
    };
    return { edits, weights: change };
  });
  const result = await run([one], weights);
  expect(result.weights?.layer[0]?.name).toBe("a01");
  expect(weights.layer[0]?.name).toBe("a");
  expect((await run([one])).weights).toBeUndefined();
  expect((await run([rule("two", "TanH", setType("TanH"))], weights)).weights).toBeUndefined();
});

test("a fix that makes the text worse is left out, and the others are made", async () => {
  const three = `${text}layer { name: "c" type: "ReLU" bottom: "b" top: "c" }\n`;
  const breaks = (_: LintNet, index: number) =>
    index === 1 ? { edits: [{ start: three.length - 2, end: three.length - 1, replacement: "" }] } : undefined;
  const other = rule("other", "TanH", (net, index) => (index === 1 ? undefined : setType("TanH")(net, index)));
  const result = await fixText(three, undefined, [rule("breaks", "", breaks), other], {}, lintContext());
  expect(result.text).toBe(three.replaceAll(/(?<="[ac]" type: )"ReLU"/g, '"TanH"'));
  expect(result.fixed.map(({ rule }) => rule)).toEqual(["other", "other"]);
  expect(result.findings.filter(({ rule }) => rule === "breaks").map(({ fixable }) => fixable)).toContain(false);
});
