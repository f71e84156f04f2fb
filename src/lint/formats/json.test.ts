import { expect, test } from "vitest";
import { reports } from "../../../test/reports.js";
import { formatJson } from "./json.js";

test("each file has its findings, with the keys that programs know", () => {
  const { files } = JSON.parse(formatJson(reports));
  expect(files.map(({ file }: { file: string }) => file)).toEqual(["nets/a b.prototxt", "empty.prototxt"]);
  expect(files[1].findings).toEqual([]);
  expect(files[0].findings).toHaveLength(3);
  expect(files[0].findings[0]).toEqual({
    ...{ rule: "scale-without-bias", severity: "error", line: 2, column: 1, endLine: 2, endColumn: 34 },
    message: 'layer "s" (Scale) has no bias_term: true',
    why: 'Every channel of "y" has mean 0, and keeps that.',
    fixable: true,
  });
});
