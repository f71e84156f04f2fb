import { drawChart } from "../chart.js";
import type { Prediction } from "./predict.js";

/** An SVG file: efficiency, images a second and the time of an iteration by the number of ranks, each beside what is ideal. */
export function drawScaling(title: string, predictions: readonly Prediction[]): string {
  const curve = (name: string, of: (prediction: Prediction) => number) => ({
    name,
    dots: true,
    points: predictions.map((prediction) => ({ x: prediction.ranks, y: of(prediction) })),
  });
  // Numbers of six digits would not fit beside the axis.
  const most = Math.max(...predictions.map(({ imagesPerSecond, efficiency }) => imagesPerSecond / efficiency));
  const [unit, images] = most > 5e7 ? [1e6, "million images"] : most > 5e4 ? [1e3, "1000 images"] : [1, "images"];
  return drawChart(
    title,
    "ranks",
    [
      {
        title: "%",
        series: [
          curve("efficiency", ({ efficiency }) => 100 * efficiency),
          curve("communication hidden behind computing", ({ hidden, ranks }) =>
            ranks === 1 ? Number.NaN : 100 * hidden,
          ),
        ],
      },
      {
        title: `${images} a second`,
        series: [
          curve("predicted", ({ imagesPerSecond }) => imagesPerSecond / unit),
          curve("in proportion to ranks", ({ imagesPerSecond, efficiency }) => imagesPerSecond / efficiency / unit),
        ],
      },
      {
        title: "ms an iteration",
        series: [
          curve("predicted", ({ seconds }) => 1000 * seconds),
          curve("if messages took no time", ({ compute }) => 1000 * compute),
        ],
      },
    ],
    { panelHeight: 200, xAxis: "doubling" },
  );
}
