import type { Solver } from "../index.js";
import { escaped } from "../util/escape.js";
import type { Log } from "../util/log.js";
import { formatNumber } from "../util/number-format.js";
import { colorsFor } from "./colors.js";
import { clearLine, print, problems } from "./print.js";

/** The width of the bar, in columns. */
const barWidth = 24;
/** The least time between two drawings, in milliseconds. */
const pause = 100;

/**
 * The progress of training on a terminal: a line with bar, iteration, loss and learning rate, and above it one line for
 * each test, snapshot and warning.
 *
 * It is drawn at events of the solver, without a timer, and changes nothing about the terminal that would have to be
 * restored: not the cursor, not the wrapping of lines. So no end of a run, however sudden, leaves anything behind.
 */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #line = "";
  /** When the line last changed. */
  #drawn = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** Prints warnings and errors above the line. */
  readonly log: Log = (severity, ...line) => {
    if (severity !== "info") this.#above(() => problems({ upgrades: true })(severity, ...line));
  };

  /** Draws what this solver does from now on. */
  follow(solver: Solver): void {
    const { bold } = colorsFor(this.#stream);
    const [first, start] = [solver.iter, performance.now()];
    const line = (iter: number, loss: string, lr: number, left = "") => {
      const total = solver.param.maxIter;
      const done = Math.min(barWidth, Math.round((barWidth * iter) / total) || 0);
      const bar = "█".repeat(done) + "░".repeat(barWidth - done);
      return `${solver.net.name || "net"} ${bar} ${iter}/${total}  loss ${loss}  lr ${formatNumber(lr)}${left}`;
    };
    this.#draw(line(solver.iter, "-", solver.lr));
    solver.on("iteration", ({ iter, smoothedLoss, lr }) => {
      const now = performance.now();
      if (now - this.#drawn < pause) return;
      this.#drawn = now;
      const seconds = (((now - start) / (iter + 1 - first)) * (solver.param.maxIter - iter - 1)) / 1000;
      this.#draw(line(iter + 1, formatNumber(smoothedLoss), lr, `  ${duration(seconds)} left`));
    });
    const above = (text: string) => this.#above(() => print(`${text}\n`, this.#stream));
    solver.on("test", ({ iter, net, outputs }) => {
      const values = Object.entries(outputs).map(
        ([name, each]) => `${name} ${Array.from(each, (value) => bold(formatNumber(value))).join(" ")}`,
      );
      above(`iteration ${iter}, test net ${net}: ${values.join(", ")}`);
    });
    solver.on("snapshot", ({ iter, model }) => above(`iteration ${iter}, saved ${model}`));
  }

  /** Removes the line. */
  clear(): void {
    if (this.#line !== "") clearLine(this.#stream);
    this.#line = "";
  }

  #draw(line: string): void {
    this.clear();
    // A line that wraps could not be removed by going back to its beginning.
    this.#line = escaped(line.replace(/\s/g, " ")).slice(0, (this.#stream.columns || 80) - 1);
    print(this.#line, this.#stream);
  }

  #above(write: () => void): void {
    const line = this.#line;
    this.clear();
    write();
    if (line !== "") this.#draw(line);
  }
}

/** `1h 2m`, `2m 3s` or `3s`. */
function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${whole % 60}s` : `${whole}s`;
}
