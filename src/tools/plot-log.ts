import { check } from "../util/errors.js";
import { drawChart, type Panel, type Series } from "./chart.js";
import type { LogRow, TrainingLog } from "./parse-log.js";
import type { Point } from "./svg.js";

/**
 * An SVG file with the curves of a training log over the iterations. One panel has the losses of training and tests;
 * another has the other outputs, such as accuracy, if there are any.
 *
 * @throws MokaError MOKA_DATA if the log has no values at all
 * @example
 * ```ts
 * import { readFile, writeFile } from "node:fs/promises";
 *
 * const log = parseLog(await readFile("train.log", "utf8"));
 * await writeFile("train.svg", plotLog(log, "LeNet"));
 * ```
 */
export function plotLog(log: TrainingLog, title = "Training"): string {
  const isLoss = (name: string) => (log.losses.size > 0 ? log.losses.has(name) : /loss/i.test(name));
  const smoothed: Series = {
    name: "train, all losses smoothed",
    points: log.loss.map(({ iteration, value }) => ({ x: iteration, y: value })),
  };
  const train = seriesOf(log.train, "train");
  const test = seriesOf(log.test, "test").map((series) => ({ ...series, dots: true }));
  const outputs = [...train, ...test];
  const losses = outputs.filter(({ output }) => isLoss(output));
  const others = outputs.filter(({ output }) => !isLoss(output));
  const isDuplicate = train.some((series) => isLoss(series.output) && liesOn(series, smoothed));
  const panels: Panel[] = [
    { title: "loss", series: isDuplicate ? losses : [smoothed, ...losses] },
    { title: nameOf(others.map(({ output }) => output)), series: others },
  ];
  const shown = panels
    .map(({ title, series }) => ({ title, series: series.filter(({ points }) => points.length > 0) }))
    .filter(({ series }) => series.length > 0);
  check(shown.length > 0, "MOKA_DATA", `${title}: the log has no losses and no outputs to plot`);
  return drawChart(title, "iteration", shown);
}

function seriesOf(rows: readonly LogRow[], net: string): (Series & { readonly output: string })[] {
  const names = [...new Set(rows.flatMap(({ outputs }) => Object.keys(outputs)))];
  return names.map((output) => ({
    output,
    name: `${net} ${output}`,
    points: rows.flatMap(({ iteration, outputs }) => {
      const y = outputs[output];
      return y === undefined ? [] : [{ x: iteration, y }];
    }),
  }));
}

/** Whether a curve is a part of another, apart from rounding. This happens with one loss that is not smoothed. */
function liesOn(part: Series, whole: Series): boolean {
  const values = new Map(whole.points.map(({ x, y }) => [x, y]));
  const isThere = ({ x, y }: Point) => {
    const value = values.get(x);
    return value !== undefined && (Object.is(value, y) || Math.abs(value - y) <= 1e-4 * Math.abs(y));
  };
  return part.points.length > 0 && part.points.every(isThere);
}

/** The panel's title: `accuracy` if all outputs are accuracies by their names, else `outputs`. */
function nameOf(outputs: readonly string[]): string {
  return outputs.every((name) => /acc|top/i.test(name)) ? "accuracy" : "outputs";
}
