// What docs/architecture.md says of kernels is so. (floors.test.ts has what it says of imports.)
import { expect, test } from "vitest";
import { blasKernels } from "../../src/engines/wasm/index.js";
import { differences, expectNone, tree } from "./tree.js";

const page = tree.read("docs/architecture.md");
const codeIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
const numbers = [
  "no",
  "one",
  "two",
  "three",
  "four",
  "five",
  "six",
  "seven",
  "eight",
  "nine",
  "ten",
  "eleven",
  "twelve",
];

test("the kernels with a form that calls a BLAS", () => {
  const [, count = "", names = ""] =
    /\b(\w+) kernels have a second form that calls it: ([\s\S]*?)\.\s/.exec(page) ?? [];
  expectNone(
    differences<string>(blasKernels, codeIn(names), {
      onlyInA: (name) => `docs/architecture.md does not say that ${name} has a form that calls a BLAS`,
      onlyInB: (name) => `docs/architecture.md says that ${name} has a form that calls a BLAS`,
    }),
  );
  expect(count.toLowerCase()).toBe(numbers[blasKernels.length]);
});

test("the code of AbsVal", () => {
  const [, code = "missing"] = /```ts\n(export class AbsValLayer[\s\S]*?)```/.exec(page) ?? [];
  expect(tree.read("src/layers/activation/abs-val.ts")).toContain(code);
});

test("the files that know the kernels of AbsVal", () => {
  const [, table = ""] = /two\s+kernels:\s+([\s\S]*?)\n\n/.exec(page) ?? [];
  const listed = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, path]) => path);
  const knowing = ["src", "assembly", "test", "bench", "scripts"]
    .flatMap((folder) => tree.list(folder))
    .filter((path) => /\.(ts|mjs)$/.test(path) && !/^src\/layers\/|\/(gen|node_modules)\/|\.test\.ts$/.test(path))
    .filter((path) => /\babsBackward\b/.test(tree.read(path)));
  expectNone(
    differences(knowing, listed, {
      onlyInA: (path) => `${path} knows absBackward, which the table of docs/architecture.md does not say`,
      onlyInB: (path) => `${path}, in the table of docs/architecture.md, does not know absBackward`,
    }),
  );
  const callers = tree
    .list("src/layers")
    .filter((path) => /\bk\.absBackward\b|kernel = \{ name: "abs" \}/.test(tree.read(path)));
  const [, layers = ""] = /Only the layers that call it know of it besides: (.*?)\./.exec(page) ?? [];
  const typeOf = /static (?:override )?readonly type(?:: string)? = "(\w+)"/;
  const types = callers.map((path) => typeOf.exec(tree.read(path))?.[1]);
  expect(layers.split(/, | and /).sort()).toEqual(types.sort());
});
