import { existsSync, readdirSync, readFileSync } from "node:fs";
import { layerFiles, type Tree, testOf } from "../repo/tree.js";
import { readSafetensors, type Safetensors } from "../safetensors.js";

/** What computed a case whose metadata name no other `reference`. */
export const bvlc = "BVLC Caffe";

export const referenceOf = ({ metadata }: Pick<Safetensors, "metadata">): string => metadata["reference"] ?? bvlc;

/** The forks that computed the cases of a type in `forks/`; Python layers are in a folder of their own. */
export function forkReferences(type: string): readonly string[] {
  const [folder, start] = type.includes(".") ? ["Python", type.split(".").at(-1)] : [type, ""];
  const path = new URL(`forks/${folder}/`, import.meta.url);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.startsWith(`${start}`))
    .map((name) => readSafetensors(readFileSync(new URL(`${name}/tensors.safetensors`, path))).metadata["fork"] ?? "");
}

/** The line of a layer's test that says what its numbers come from. */
const numbers = /^\/\/ Numbers: \S.*$/m;

/**
 * Layer types whose numbers come from nowhere, or from two places.
 *
 * BVLC Caffe computed those that have a case in `layers/<Type>/`, or a net of `data/` or `seeded/`. The test of any other
 * type says what its numbers come from, in a line `// Numbers: …`.
 *
 * @param referencesOf the references of the cases in `layers/<Type>/`; none for a type without
 */
export function referenceComplaints(tree: Tree, referencesOf: (type: string) => readonly string[]): string[] {
  const others = ["test/golden/data", "test/golden/seeded"].flatMap((folder) =>
    tree.list(folder).filter((path) => path.endsWith("/net.prototxt")),
  );
  const inOthers = new Set(
    others.flatMap((path) => [...tree.read(path).matchAll(/type: "(\w+)"/g)].map(([, type]) => type)),
  );
  // Nets of all sorts begin with an Input.
  inOthers.delete("Input");
  return [...layerFiles(tree)].flatMap(([type, path]) => {
    const test = testOf(path);
    const isDeclared = tree.has(test) && numbers.test(tree.read(test));
    const references = referencesOf(type);
    const isOfBvlc = inOthers.has(type) || references.includes(bvlc);
    if (!isOfBvlc && references.some((each) => each.includes("/"))) return [];
    if (isOfBvlc && isDeclared) return `${test} has a line "// Numbers: …", though ${bvlc} computed cases of ${type}`;
    if (isOfBvlc || isDeclared) return [];
    return `layer ${type} has no case that ${bvlc} computed, and ${test} no line "// Numbers: …" that says what computed its own`;
  });
}
