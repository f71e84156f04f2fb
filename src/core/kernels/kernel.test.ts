import { expect, test } from "vitest";
import { ReferenceEngine } from "../../engines/reference/index.js";
import { Span } from "../span.js";
import { elementwise, fusedOf, kernel, kernelOf } from "./kernel.js";

const span = (name: string) => new Span(name, 3, new ReferenceEngine());

test("a row says how each span argument is used, and which may lie over which", () => {
  const row = kernelOf<{ readonly keeps: boolean }>()(
    { xs: "in*", bias: "in?", y: ({ keeps }) => (keeps ? "inout" : "out"), size: "number" },
    { overwrites: { y: ["xs"] }, extents: { y: ({ size }) => ({ rows: 1, width: size, stride: size }) } },
  );
  const [xs, bias, y] = row.spans;
  expect(row.spans.map(({ name }) => name)).toEqual(["xs", "bias", "y"]);
  expect([xs?.access, bias?.access]).toEqual(["in", "in"]);
  const args = { xs: [span("a"), span("b")], bias: undefined, y: span("y"), size: 2, keeps: true };
  expect(typeof y?.access === "function" && y.access(args)).toBe("inout");
  expect(typeof y?.access === "function" && y.access({ ...args, keeps: false })).toBe("out");
  expect([xs?.at(args), bias?.at(args), y?.at(args)]).toEqual([args.xs, undefined, args.y]);
  expect(y?.extent?.(args)).toEqual({ rows: 1, width: 2, stride: 2 });
  expect(y?.overwrites.map(({ name }) => name)).toEqual(["xs"]);
});

test("an elementwise kernel lists its spans and its numbers in their order", () => {
  const row = elementwise({ x: "in", rate: "in1", low: "number", isStrict: "boolean", y: "out", last: "in1" });
  const args = { y: span("y"), isStrict: true, low: -2, last: span("last"), rate: span("rate"), x: span("x") };
  const located: string[] = [];
  const operands = row.operands(args, ({ name }, count) => 10 * located.push(`${name} ${count}`));
  expect(located).toEqual(["x 3", "rate 1", "y 3", "last 1"]);
  expect(operands).toEqual([10, 20, -2, 1, 30, 40]);
  expect(row.count(args)).toBe(3);
  expect(row.spans.map(({ extent }) => extent?.(args).width)).toEqual([undefined, 1, undefined, 1]);
});

test("a row that names what is no span, or a call that lacks an argument, does not compile", () => {
  const row = elementwise({ x: "in", y: "out", alpha: "number" });
  // @ts-expect-error there is no such access
  kernel({ x: "into" });
  // @ts-expect-error a list of spans is no single value
  elementwise({ x: "in*", y: "out" });
  // @ts-expect-error there is no span z
  kernel({ x: "in", y: "out" }, { overwrites: { y: ["z"] } });
  // @ts-expect-error a number is no span
  kernel({ x: "in", y: "out", alpha: "number" }, { extents: { alpha: () => ({ rows: 1, width: 1, stride: 1 }) } });
  // @ts-expect-error a fused kernel says what it stands for
  fusedOf<object>()({ x: "in", y: "out" }, { operations: 2 });
  // @ts-expect-error y is missing
  const call = () => row.count({ x: span("x"), alpha: 1 });
  expect(call).toThrow(TypeError);
});
