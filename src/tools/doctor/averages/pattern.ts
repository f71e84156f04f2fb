import { type Fit, isFirstLevel, type Subject } from "../subject.js";
import { upstream } from "../variants.js";

// Where in the net the averages do not fit tells what may be wrong.

/** A layer fits tightly if it is this many times nearer than those that do not fit. */
export const tightly = 10;

/** Layers that nothing has touched fit at least so well, in nats. */
const untouched = 0.005;

/** Whether layers behind those that do not fit, and in front of them, fit tightly: then what reaches them is as in training. */
export function isAlone({ graph }: Subject, off: readonly Fit[], all: readonly Fit[]): boolean {
  const wrong = new Set(off.map(({ norm }) => norm.message));
  const isBehind = ({ norm }: Fit) => [...upstream(graph, norm.message)].some((layer) => wrong.has(layer));
  const fitting = all.filter(({ isOff }) => !isOff);
  const worst = (fits: readonly Fit[]) => Math.max(0, ...fits.map(({ divergence }) => divergence));
  const behind = fitting.filter(isBehind);
  return (
    behind.length > 0 &&
    off.length <= Math.max(1, all.length / 3) &&
    fitting.every((fit) => isTight(fit, off)) &&
    // Foreign weights in front of it leave a trace behind it.
    worst(behind) <= Math.max(3 * worst(fitting.filter((fit) => !isBehind(fit))), untouched)
  );
}

/** Whether only one layer does not fit, and all others fit tightly. */
export function isSingle(off: readonly Fit[], all: readonly Fit[]): boolean {
  return off.length === 1 && all.length > 2 && all.every((fit) => fit.isOff || isTight(fit, off));
}

/** Whether all layers in front of the first that does not fit do so tightly. */
export function isAbrupt(off: readonly Fit[], all: readonly Fit[]): boolean {
  const first = all.findIndex(({ isOff }) => isOff);
  const front = all.slice(0, first);
  return front.length > 0 && front.every((fit) => isTight(fit, off.slice(0, 1)));
}

/** Whether all that do not fit are at the first BatchNorm layers, which see the data themselves. */
export function isAtInput(subject: Subject, off: readonly Fit[]): boolean {
  return off.every(({ norm }) => isFirstLevel(subject, norm));
}

function isTight({ divergence }: Fit, off: readonly Fit[]): boolean {
  return off.every((each) => each.divergence > tightly * divergence);
}
