// docs/layers.md is made of the layers' doc comments, and of all of them.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { layers } from "../../src/layers/registry.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/layers.md`, "utf8");
const entries = page.split(/^### /m).slice(1);

test("docs/layers.md is what `npm run docs` makes", () => {
  const made = execFileSync(process.execPath, ["scripts/layers-page.mjs", "--stdout"], { cwd: root, encoding: "utf8" });
  expect(page, "docs/layers.md is out of date: npm run docs makes it anew").toBe(made);
});

test("docs/layers.md has every layer type once, each with its contract", () => {
  const titles = entries.map((entry) => entry.split("\n")[0]);
  expect(titles.filter((title) => !/^\w+Layer$/.test(title)).sort()).toEqual(layers.map(({ type }) => type).sort());
  // A sentence, something on bottoms or tops, and the link to the source.
  const thin = entries.filter(
    (entry) => !/^[\w.]+\n\n\w[\s\S]*\n- .*(?:[Bb]ottom|[Tt]op)[\s\S]*\n- \[\w+\/[\w-]+\.ts\]/.test(entry),
  );
  expect(thin).toEqual([]);
});

test("the links of docs/layers.md lead somewhere", () => {
  const slugs = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) => slug(title));
  const repeated = (each: string, i: number) => slugs.slice(0, i).filter((other) => other === each).length;
  const anchors = new Set(slugs.map((each, i) => (repeated(each, i) === 0 ? each : `${each}-${repeated(each, i)}`)));
  const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target);
  const broken = links.filter((target) => (target.startsWith("#") ? !anchors.has(target.slice(1)) : !isFile(target)));
  expect(links.length).toBeGreaterThan(2 * layers.length);
  expect(broken).toEqual([]);
});

/** As GitHub names a heading. */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-");
}

function isFile(target: string): boolean {
  try {
    return readFileSync(new URL(target, new URL("../../docs/", import.meta.url))).length > 0;
  } catch {
    return false;
  }
}
