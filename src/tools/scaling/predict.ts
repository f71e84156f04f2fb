import { type Algorithm, allReduceCost, usualAlgorithms } from "./all-reduce.js";
import { type Cluster, computeRate, placement } from "./cluster.js";
import { type IterationTimes, type StepTime, totalsOf } from "./step-times.js";
import { type MessageCost, type Outcome, play, type RankEvent } from "./timeline.js";

/** What is trained, apart from the times. */
export interface Workload {
  /** The buckets: their bytes, and after which step of backward each is complete; −1: before the first. */
  readonly buckets: readonly { readonly bytes: number; readonly after: number }[];
  /** Bytes that each forward sends besides, which nothing waits for before the update: the loss, and statistics for averages. */
  readonly afterForward: number;
  /** Bytes that are summed after each update, before the next iteration can begin: what the ranks are asked to do. */
  readonly afterUpdate: number;
  /** Forward and backward of so many batches come before each update. Default 1. */
  readonly iterSize?: number;
  readonly algorithms?: readonly Algorithm[];
}

/** What keeps more ranks from being faster in proportion: what would save the most time if it cost nothing. */
export type Limit = "compute" | "bandwidth" | "latency" | "sync-BN" | "cores" | "batch";

export interface Prediction {
  readonly ranks: number;
  readonly hosts: number;
  /** Records of one rank in a forward. */
  readonly batch: number;
  /** Seconds of one iteration, with the update. */
  readonly seconds: number;
  /** Seconds of one iteration if all messages took no time. */
  readonly compute: number;
  readonly imagesPerSecond: number;
  /** Images a second, beside so many times those of one rank alone. */
  readonly efficiency: number;
  /** Seconds that sums are under way while the rank may compute, and seconds of sums that it waits for. */
  readonly sending: number;
  readonly blocked: number;
  /** The part of both that computing hides, from 0 to 1; 1 where there are none. */
  readonly hidden: number;
  readonly limit: Limit;
  /** How the largest bucket is summed. */
  readonly algorithm: Algorithm;
  /** The least bandwidth between hosts, in bytes a second, for an efficiency of 0.9; undefined if none is enough. */
  readonly bandwidthFor90: number | undefined;
  /** How many times faster hosts could compute with an efficiency of 0.9; undefined if this is not reached even at a 1000th. */
  readonly speedFor90: number | undefined;
}

/**
 * Predicts one iteration of data-parallel training on so many ranks.
 *
 * @param single the times of one rank that trains alone, for the batch that `imagesPerSecond` and `efficiency` compare with
 * @param times the times of each rank
 */
export function predict(
  ranks: number,
  cluster: Cluster,
  work: Workload,
  single: IterationTimes,
  times: IterationTimes,
): Prediction {
  const { iterSize = 1, algorithms = usualAlgorithms } = work;
  const { hosts } = placement(cluster, ranks);
  const images = ranks * times.batch * iterSize;
  const alone = single.batch / secondsAlone(single, iterSize);
  const run = (change: Change = {}) => playOnce(ranks, cluster, work, times, change);
  const outcome = run();
  const compute = run({ latency: 0, bandwidth: 0 }).seconds;
  const efficiencyOf = ({ seconds }: { readonly seconds: number }, speed = 1) =>
    images / seconds / (ranks * alone * speed);
  const messages = outcome.sending + outcome.blocked;
  const biggest = Math.max(0, ...work.buckets.map(({ bytes }) => bytes));
  const efficiency = efficiencyOf(outcome);
  const threshold = 0.9;
  return {
    ranks,
    hosts,
    batch: times.batch,
    seconds: outcome.seconds,
    compute,
    imagesPerSecond: images / outcome.seconds,
    efficiency,
    sending: outcome.sending,
    blocked: outcome.blocked,
    hidden: messages > 0 ? clamp(1 - (outcome.seconds - compute) / messages) : 1,
    limit: limitOf(efficiency, outcome, run, { single, times, iterSize, cluster, ranks }),
    algorithm: allReduceCost(biggest, ranks, cluster, algorithms).algorithm,
    bandwidthFor90:
      hosts > 1
        ? least((bytes) => efficiencyOf(run({ secondsPerByte: 1 / bytes })) >= threshold, [1e5, 1e13])
        : undefined,
    speedFor90: ranks > 1 ? most((speed) => efficiencyOf(run({ speed }), speed) >= threshold, [1e-3, 1e6]) : undefined,
  };
}

/** What is different in a run that is played to see what matters. */
interface Change {
  /** Factors of what does not depend on the size of messages, and of what does. */
  readonly latency?: number;
  readonly bandwidth?: number;
  /** Between hosts. */
  readonly secondsPerByte?: number;
  /** How many times faster the hosts compute. */
  readonly speed?: number;
  readonly withoutSync?: boolean;
}

type Played = Pick<Outcome, "sending" | "blocked" | "seconds">;

/** One iteration with its update. Where it is not one batch, buckets are sent in the last backward. */
function playOnce(ranks: number, cluster: Cluster, work: Workload, times: IterationTimes, change: Change): Played {
  const { iterSize = 1, algorithms } = work;
  const { latency = 1, bandwidth = 1, speed = 1, withoutSync = false } = change;
  const { secondsPerByte = cluster.remote.secondsPerByte } = change;
  const changed = { ...cluster, remote: { ...cluster.remote, secondsPerByte } };
  const known = new Map<number, MessageCost>();
  const costOf = (bytes: number) => {
    const cost = known.get(bytes) ?? allReduceCost(bytes, ranks, changed, algorithms);
    known.set(bytes, cost);
    return { latency: latency * cost.latency, transfer: bandwidth * cost.transfer };
  };
  const present = { ...cluster, perHost: placement(cluster, ranks).perHost };
  const rates = { alone: speed * computeRate(present, false), sending: speed * computeRate(present, true) };
  const sent = ranks === 1 ? { buckets: [], afterForward: 0, afterUpdate: 0 } : work;
  const first = eventsOf(times, { ...sent, buckets: [] }, ranks === 1 || withoutSync);
  const last = eventsOf(times, sent, ranks === 1 || withoutSync);
  const batches = [play(last, costOf, rates)];
  if (iterSize > 1) batches.push(...Array<Outcome>(iterSize - 1).fill(play(first, costOf, rates)));
  const sum = (pick: (outcome: Outcome) => number) => batches.reduce((total, outcome) => total + pick(outcome), 0);
  const end = sent.afterUpdate > 0 ? costOf(sent.afterUpdate) : { latency: 0, transfer: 0 };
  const agreed = end.latency + end.transfer;
  return {
    sending: sum(({ sending }) => sending),
    blocked: sum(({ blocked }) => blocked) + agreed,
    seconds: sum(({ seconds }) => seconds) + times.update / rates.alone + agreed,
  };
}

/** Forward and backward of one batch. */
export function eventsOf(
  { forward, backward }: IterationTimes,
  { buckets, afterForward }: Pick<Workload, "buckets" | "afterForward">,
  withoutSync = false,
): readonly RankEvent[] {
  const step = ({ seconds, waitsFor }: StepTime): RankEvent[] => [
    ...(seconds > 0 ? [{ kind: "compute", seconds } as const] : []),
    ...(waitsFor > 0 && !withoutSync ? [{ kind: "wait", bytes: waitsFor } as const] : []),
  ];
  const bucketsAfter = (index: number) =>
    buckets.filter(({ after }) => after === index).map(({ bytes }) => ({ kind: "bucket", bytes }) as const);
  return [
    ...forward.flatMap(step),
    ...(afterForward > 0 ? [{ kind: "bucket", bytes: afterForward } as const] : []),
    ...bucketsAfter(-1),
    ...backward.flatMap((each, index) => [...step(each), ...bucketsAfter(index)]),
  ];
}

function secondsAlone(times: IterationTimes, iterSize: number): number {
  const { forward, backward } = totalsOf(times);
  return forward + backward + times.update / iterSize;
}

interface Circumstances {
  readonly single: IterationTimes;
  readonly times: IterationTimes;
  readonly iterSize: number;
  readonly cluster: Cluster;
  readonly ranks: number;
}

/** What would save the most; `compute` where efficiency is 0.9 or more. */
function limitOf(
  efficiency: number,
  { seconds }: Played,
  run: (change: Change) => Played,
  { single, times, iterSize, cluster, ranks }: Circumstances,
): Limit {
  if (efficiency >= 0.9) return "compute";
  const ideal = (secondsAlone(single, iterSize) * times.batch * iterSize) / single.batch;
  const own = secondsAlone(times, iterSize) * iterSize;
  const rate = computeRate({ ...cluster, perHost: placement(cluster, ranks).perHost }, false);
  const savings: readonly (readonly [Limit, number])[] = [
    ["bandwidth", seconds - run({ bandwidth: 0 }).seconds],
    ["latency", seconds - run({ latency: 0 }).seconds],
    // Its statistics cost computing too: with the same batch, nothing else makes a rank slower than one alone.
    ["sync-BN", seconds - run({ withoutSync: true }).seconds + (times.batch === single.batch ? own - ideal : 0)],
    ["batch", times.batch === single.batch ? 0 : own - ideal],
    ["cores", own / rate - own],
  ];
  // Without sync-BN's messages their latency is gone too: it is the limit unless the gradients' own latency saves more.
  const [limit] = savings.reduce((best, each) => (each[1] > best[1] * (1 + 1e-9) ? each : best));
  const sync = savings[2]?.[1] ?? 0;
  return limit === "latency" && sync >= 0.5 * (savings[1]?.[1] ?? 0) ? "sync-BN" : limit;
}

/** The least value from `low` to `high` that is good, if all above it are, to 1 %. */
function least(isGood: (value: number) => boolean, [low, high]: readonly [number, number]): number | undefined {
  if (!isGood(high)) return undefined;
  let [bad, good] = [low, high];
  if (isGood(bad)) return bad;
  while (good / bad > 1.01) {
    const middle = Math.sqrt(bad * good);
    if (isGood(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** The largest value from `low` to `high` that is good, if all below it are, to 1 %. */
function most(isGood: (value: number) => boolean, [low, high]: readonly [number, number]): number | undefined {
  const found = least((value) => isGood(1 / value), [1 / high, 1 / low]);
  return found === undefined ? undefined : 1 / found;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
