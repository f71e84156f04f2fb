import { expect, test } from "vitest";
import { netText, reports } from "../../../test/reports.js";
import { applyEdits } from "../edits.js";
import { scaleWithoutBias } from "../rules/scale-without-bias.js";
import { formatSarif } from "./sarif.js";

const page = "# scale-without-bias\n\nThe Scale learns\nno shift.\n\n## Why\n\nMean 0.\n";
const tool = { version: "1.2.3", rules: [scaleWithoutBias], pages: new Map([["scale-without-bias", page]]) };
const sarif = (given = reports) => JSON.parse(formatSarif(given, tool));

test("the log says what made it, and what its rules are", () => {
  const { $schema, version, runs } = sarif();
  expect([$schema, version]).toEqual(["https://json.schemastore.org/sarif-2.1.0.json", "2.1.0"]);
  expect(runs).toHaveLength(1);
  expect(runs[0].columnKind).toBe("utf16CodeUnits");
  expect(runs[0].tool.driver).toEqual({
    name: "moka",
    version: "1.2.3",
    rules: [
      {
        id: "scale-without-bias",
        shortDescription: { text: scaleWithoutBias.summary },
        fullDescription: { text: "The Scale learns no shift." },
        help: { text: page, markdown: page },
        defaultConfiguration: { level: "warning" },
      },
    ],
  });
});

test("a result has its rule, level, message and place", () => {
  const [error, warning, note] = sarif().runs[0].results;
  expect(error).toMatchObject({
    ...{ ruleId: "scale-without-bias", ruleIndex: 0, level: "error" },
    message: { text: 'layer "s" (Scale) has no bias_term: true\nEvery channel of "y" has mean 0, and keeps that.' },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: "nets/a%20b.prototxt" },
          region: { startLine: 2, startColumn: 1, endLine: 2, endColumn: 34 },
        },
      },
    ],
  });
  expect([warning.level, note.level]).toEqual(["warning", "note"]);
  expect([warning.fixes, note.fixes]).toEqual([undefined, undefined]);
});

test("replacements are the edits of the fix", () => {
  const [result] = sarif().runs[0].results;
  const [{ artifactLocation, replacements }] = result.fixes[0].artifactChanges;
  expect(artifactLocation).toEqual({ uri: "nets/a%20b.prototxt" });
  const lines = netText.split("\n");
  const offset = (line: number, column: number) =>
    lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0) + column - 1;
  type Replacement = {
    deletedRegion: Record<"startLine" | "startColumn" | "endLine" | "endColumn", number>;
    insertedContent: { text: string };
  };
  const edits = replacements.map(({ deletedRegion: at, insertedContent }: Replacement) => ({
    start: offset(at.startLine, at.startColumn),
    end: offset(at.endLine, at.endColumn),
    replacement: insertedContent.text,
  }));
  expect(edits).toEqual(reports[0].findings[0].fix?.edits);
  expect(applyEdits(netText, edits)).toContain('"Scale" scale_param { bias_term: true } }\n');
});

test("a fix that changes weights too is left to moka fix", () => {
  const [first] = reports;
  const [finding] = first.findings;
  const fix = { edits: finding.fix?.edits ?? [], weights: () => {} };
  expect(sarif([{ ...first, findings: [{ ...finding, fix }] }]).runs[0].results[0].fixes).toBeUndefined();
});

test.each([
  ["/a/ü#.prototxt", "file:///a/%C3%BC%23.prototxt"],
  ["C:\\nets\\a.prototxt", "file:///C:/nets/a.prototxt"],
  ["../a.prototxt", "../a.prototxt"],
])("%s is the URI %s", (file, uri) => {
  const [{ locations }] = sarif([{ ...reports[0], file }]).runs[0].results;
  expect(locations[0].physicalLocation.artifactLocation.uri).toBe(uri);
});
