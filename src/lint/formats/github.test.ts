import { expect, test } from "vitest";
import { findingAt, netText } from "../../../test/reports.js";
import { formatGithub } from "./github.js";

test("a finding is a workflow command, escaped as GitHub reads it", () => {
  const finding = findingAt(netText, "# a net", { message: "50 % of it", why: "Line one.\r\nLine two: x, y." });
  const findings = [finding, { ...finding, severity: "error" as const }, { ...finding, severity: "info" as const }];
  const lines = formatGithub([{ file: "C:\\a,b\\net.prototxt", text: netText, findings }]).split("\n");
  const rest =
    " file=C%3A/a%2Cb/net.prototxt,line=1,col=1,endLine=1,endColumn=8,title=scale-without-bias" +
    "::50 %25 of it%0ALine one.%0D%0ALine two: x, y.";
  expect(lines).toEqual([`::warning${rest}`, `::error${rest}`, `::notice${rest}`, ""]);
});
