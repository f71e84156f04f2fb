// Judges a report by what was planted.

/**
 * What a report must say of a planted cause:
 *
 * - `verdicts`: the verdicts that are true
 * - `first`: the kinds of which the first cause must be one; without it there need not be a cause
 * - `listed`: kinds of which one must be among the causes, where the first place cannot be demanded
 * - `mayShow`: the kinds that may be stated as fact, since they are so
 * - `layer`: one of the layers that the first cause must name
 * - `reading`: words (a RegExp) that the title of a "reading" must have, if that is stated as fact
 * - `harmless`: the verdicts that are true where it does no harm; otherwise "well"
 */
export const expectation = (verdicts, first, { mayShow = first ?? [], ...rest } = {}) => ({
  verdicts: [verdicts].flat(),
  ...(first && { first }),
  mayShow,
  ...rest,
});

/** What is expected where the planted thing turned out to do no harm, or little. */
export function adjusted(expected, harm, isFixed) {
  if (isFixed || harm === "yes") return expected;
  const { first: _, listed: __, layer: ___, ...rest } = expected;
  return {
    ...rest,
    verdicts: harm === "no" ? (expected.harmless ?? ["well"]) : [...expected.verdicts, "well", "cannot-tell"],
  };
}

/** `isNamed`: named, or rightly refused; `isWrong`: something that is not so is stated as fact; `reasons` for what is not right. */
export function judge(report, { verdicts, first, listed, mayShow, layer, reading }) {
  const reasons = [];
  // That the images are too few is no cause: a note says so.
  const isFew = report.verdict === "cannot-tell" && report.notes?.some((note) => note.includes("too little"));
  const causes = [...(report.causes ?? []), ...(isFew ? [{ kind: "too few", shown: false, layers: [] }] : [])];
  const isSo = ({ kind, title }) => mayShow.includes(kind) && !(kind === "reading" && reading && !reading.test(title));
  const wrongCauses = causes.filter((cause) => cause.shown && !isSo(cause));
  for (const { kind, title } of wrongCauses) reasons.push(`states as fact: ${kind}: ${title}`);
  const isVerdict = verdicts.includes(report.verdict);
  // "cannot-tell" claims nothing.
  const isWrongVerdict = !isVerdict && report.verdict !== "cannot-tell";
  if (!isVerdict) reasons.push(`verdict ${report.verdict}, not ${verdicts.join(" or ")}`);
  const head = causes[0];
  const isFirst = !first || first.includes(head?.kind);
  if (!isFirst) reasons.push(`first cause ${head?.kind ?? "none"}, not ${first.join(" or ")}`);
  const isNoted =
    listed?.includes("other data") && report.notes?.some((note) => note.includes("unlike those of training"));
  const isListed = !listed || isNoted || causes.some(({ kind }) => listed.includes(kind));
  if (!isListed) reasons.push(`${listed.join(" or ")} is not among the causes`);
  const isPlaced = !layer || !isFirst || !head || head.layers.some((name) => name === layer);
  if (!isPlaced) reasons.push(`layers ${head.layers.join(", ")}, not ${layer}`);
  const isWrong = wrongCauses.length > 0 || isWrongVerdict;
  return { isNamed: isVerdict && isFirst && isListed && isPlaced && wrongCauses.length === 0, isWrong, reasons };
}

/** What a report says in one word: its first cause with `?` if it is only possible, or its verdict. */
export function said(report) {
  if (report.error !== undefined) return "error";
  const [head] = report.causes;
  return head ? head.kind + (head.shown ? "" : "?") : report.verdict;
}

/** The lines of a table in Markdown: planted kinds, the number of cases, how often each first cause was stated, and what was right. */
export function confusion(results) {
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  return [
    "| planted | nets | cases | the first cause stated (? where only as possible) | named or rightly refused | wrong facts |",
    "|---|---|---|---|---|---|",
    ...kinds.map((kind) => {
      const own = results.filter((result) => result.kind === kind);
      const counts = new Map();
      for (const { said: word } of own) counts.set(word, (counts.get(word) ?? 0) + 1);
      const words = [...counts].sort((a, b) => b[1] - a[1]).map(([word, count]) => `${word} ${count}`);
      const count = (test) => own.filter(test).length;
      const netNames = [...new Set(own.map(({ net }) => net))].join(", ");
      return `| ${kind} | ${netNames} | ${own.length} | ${words.join(", ")} | ${count(({ isNamed }) => isNamed)} | ${count(({ isWrong }) => isWrong)} |`;
    }),
  ];
}

export function totals(results) {
  const named = results.filter(({ isNamed }) => isNamed).length;
  return {
    cases: results.length,
    named,
    share: results.length === 0 ? 0 : named / results.length,
    wrong: results.filter(({ isWrong }) => isWrong).length,
  };
}
