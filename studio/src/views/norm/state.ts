/** What the view knows of the running net: the chosen layer and channel, what they did in the last iterations, the gap, the switches. */
import { batch, computed, effect, signal } from "@preact/signals";
import type { WatchedBatchNorm } from "moka-caffe";
import { visible } from "../../parts/visible.js";
import { latest } from "../../state/latest.js";
import { say, sayError } from "../../state/messages.js";
import { answers } from "../../state/moka.js";
import { isStarted, netFindings, summary } from "../../state/net.js";
import { netFile } from "../../state/project.js";
import { goOn, iteration, runFiles, runState, solver } from "../../state/run.js";
import { t } from "./strings.js";
import { type Switch, type SwitchName, switches } from "./switches.js";

/** The BatchNorm layers of the net, as its text has them now. */
export const normNames = computed(() => {
  const found = summary.value?.net.layers.filter(({ type }) => type === "BatchNorm") ?? [];
  return found.map(({ name }) => name);
});
const wantedLayer = signal<string | undefined>(undefined);
export const chosenLayer = computed(() => {
  const { value: wanted } = wantedLayer;
  return wanted !== undefined && normNames.value.includes(wanted) ? wanted : normNames.value[0];
});
export const channel = signal(0);

/** What the layer did with the last batch; undefined before the first. */
export const watched = signal<WatchedBatchNorm | undefined>(undefined);
/** Why it cannot be watched. */
export const watchError = signal<string | undefined>(undefined);

/** A moment of the chosen channel. */
export interface Moment {
  readonly iter: number;
  readonly batchMean: number;
  readonly runningMean: number;
  readonly batchVariance: number;
  readonly runningVariance: number;
}

/** Moments of the chosen channel; another channel or layer begins anew. */
export const moments = signal<readonly Moment[]>([]);
const mostMoments = 600;

export function choose(choice: { readonly layer?: string; readonly channel?: number }): void {
  batch(() => {
    if (choice.layer !== undefined) {
      wantedLayer.value = choice.layer;
      channel.value = 0;
    }
    if (choice.channel !== undefined) channel.value = choice.channel;
    moments.value = [];
  });
  void look();
}

/** The least time between two looks, in ms: each reads the layer's input. */
const pace = 500;
/** The same while the view is not on the screen. */
const slowPace = 3000;
let lastLook = 0;
let later: ReturnType<typeof setTimeout> | undefined;

const watch = latest(async (layer: string, wanted: number) => {
  return solver.value?.net.watchBatchNorm(layer, { channel: wanted });
});

/** Looks at the chosen layer, if there is a training. */
async function look(): Promise<void> {
  lastLook = performance.now();
  const { value: layer } = chosenLayer;
  if (!solver.value || layer === undefined || iteration.value === 0) return;
  try {
    const found = await watch(layer, channel.value);
    if (!found) return;
    batch(() => {
      watched.value = found;
      watchError.value = undefined;
      const c = found.channel;
      const moment = {
        iter: iteration.value,
        batchMean: found.batchMean[c] ?? Number.NaN,
        runningMean: found.runningMean[c] ?? Number.NaN,
        batchVariance: found.batchVariance[c] ?? Number.NaN,
        runningVariance: found.runningVariance[c] ?? Number.NaN,
      };
      const before = moments.value.filter(({ iter }) => iter < moment.iter);
      moments.value = [...before, moment].slice(-mostMoments);
    });
  } catch (error) {
    watchError.value = error instanceof Error ? error.message : String(error);
  }
}

effect(() => {
  void iteration.value;
  void solver.value;
  void chosenLayer.value;
  clearTimeout(later);
  const isSeen = visible.value.has("norm") || runState.value !== "running";
  const wait = Math.max(0, (isSeen ? pace : slowPace) - (performance.now() - lastLook));
  later = setTimeout(() => void look(), wait);
});

/** The test loss by the averages and by the batch, and what it does to each layer. */
export interface Gap {
  readonly iter: number;
  readonly byAverages: number | undefined;
  readonly byBatch: number | undefined;
  /** Relative errors of the layers' outputs, by name. */
  readonly layers: ReadonlyMap<string, number>;
  /** The causes that `doctor` has found, in its words. */
  readonly causes: readonly string[];
}

export const gap = signal<Gap | undefined>(undefined);
export const isMeasuring = signal(false);

/** Batches of each measurement. */
const measuredBatches = 2;
const weightsName = "watched.caffemodel";

let measuring: Promise<void> = Promise.resolve();

/** Tests the net as it is now both ways, in the worker that answers, so that the training goes on meanwhile. One after the other. */
export function measureGap(): Promise<void> {
  measuring = measuring.then(measure);
  return measuring;
}

async function measure(): Promise<void> {
  const [running, files, net] = [solver.value, runFiles.value, netFile.value];
  if (!running || !files || !net) return;
  isMeasuring.value = true;
  try {
    const iter = iteration.value;
    await running.net.save(weightsName);
    const report = await answers().doctor(net.name, weightsName, { files, iterations: measuredBatches });
    gap.value = {
      iter,
      byAverages: report.global.loss,
      byBatch: report.batch.loss,
      layers: new Map(report.layers.map(({ name, outputError }) => [name, outputError])),
      causes: report.causes.map(({ title }) => title),
    };
  } catch (error) {
    sayError(error, t().gap);
  } finally {
    isMeasuring.value = false;
  }
}

// A training that begins anew has no gap yet.
effect(() => {
  if (iteration.value === 0) gap.value = undefined;
});
// A training that pauses or ends has its gap measured; while it runs, that would take the time of many iterations.
let wasRunning = false;
effect(() => {
  const isRunning = runState.value === "running";
  if (wasRunning && !isRunning && iteration.peek() > 0) void measureGap();
  wasRunning = isRunning;
});

/** Which switches are on in the net's text; undefined while it is not known. */
export const positions = signal<Readonly<Partial<Record<SwitchName, boolean>>>>({});
const readPositions = latest(async (text: string) => {
  const queries = switches.flatMap(({ reads }) => reads);
  return answers().readFields(text, queries);
});
effect(() => {
  const text = netFile.value?.text.value;
  if (text === undefined || !isStarted.value) return;
  readPositions(text).then((values) => {
    if (!values) return;
    let at = 0;
    const found = switches.map(({ name, reads, isOn }) => {
      const own = values.slice(at, at + reads.length);
      at += reads.length;
      return [name, isOn(own)] as const;
    });
    positions.value = Object.fromEntries(found);
  }, sayError);
});

/** What lint says of a switch in this net. */
export function findingsOf({ rules }: Switch) {
  return netFindings.value.filter(({ rule }) => rules.includes(rule));
}

/** The switch that was turned last, and what became of the training. */
export const turned = signal<{ readonly name: SwitchName; readonly outcome: string } | undefined>(undefined);

/** Turns a switch: edits the net's text, and goes on training with it. */
export async function turn(each: Switch, on: boolean): Promise<void> {
  const file = netFile.value;
  if (!file) return;
  // The switch shows at once what was asked; the text follows.
  positions.value = { ...positions.value, [each.name]: on };
  try {
    const hadSolver = solver.value !== undefined;
    const values = await answers().readFields(file.text.value, each.reads);
    file.text.value = await answers().changeFields(file.text.value, each.changes(on, values));
    turned.value = { name: each.name, outcome: "" };
    if (!hadSolver && runState.value !== "failed") return;
    const kept = await goOn();
    turned.value = {
      name: each.name,
      outcome: kept === "weights" ? t().keptWeights : kept === "snapshot" ? t().kept : "",
    };
    await measureGap();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    turned.value = { name: each.name, outcome: `${t().refused}: ${reason}` };
    say("error", reason);
  }
}
