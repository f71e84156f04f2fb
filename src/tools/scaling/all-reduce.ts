import { type Cluster, placement } from "./cluster.js";

/** The ways to sum over all ranks, by their usual names. */
export const algorithms = ["ring", "doubling", "halving", "hierarchical"] as const;

export type Algorithm = (typeof algorithms)[number];

/** The ways among which MPI libraries choose, by the size of the message. */
export const usualAlgorithms: readonly Algorithm[] = ["ring", "doubling", "halving"];

/** The time of one sum over all ranks, in seconds. */
export interface AllReduceCost {
  readonly algorithm: Algorithm;
  /** The part that does not depend on the size. */
  readonly latency: number;
  /** The part in proportion to the size: on the wire, and adding. */
  readonly transfer: number;
}

/** A way to sum: its steps and bytes for each byte of the message. h hosts have k ranks each. */
interface Shares {
  /** Messages that follow each other, between hosts and within one. */
  readonly remoteSteps: number;
  readonly localSteps: number;
  /** Bytes that pass through the link of a host, and between two of its ranks. */
  readonly remoteBytes: number;
  readonly localBytes: number;
  /** Bytes that a rank adds. */
  readonly added: number;
}

const shares: Readonly<Record<Algorithm, (hosts: number, perHost: number) => Shares>> = {
  /**
   * Each rank passes an Nth part to the next, 2(N−1) times. A step ends when the slowest pair is done: where there are several
   * hosts, all steps take as long as those between hosts. Only one rank of a host sends to the next host.
   */
  ring: (h, k) => {
    const n = h * k;
    const [steps, bytes] = [2 * (n - 1), (2 * (n - 1)) / n];
    const isRemote = h > 1;
    return {
      remoteSteps: isRemote ? steps : 0,
      localSteps: isRemote ? 0 : steps,
      remoteBytes: isRemote ? bytes : 0,
      localBytes: isRemote ? 0 : bytes,
      added: (n - 1) / n,
    };
  },
  /** Recursive doubling: log₂N exchanges of all values. The ranks of a host exchange with those of another at the same time. */
  doubling: (h, k) => {
    const [remote, local] = [tree(h), tree(k)];
    return {
      remoteSteps: remote.levels + remote.folds,
      localSteps: local.levels + local.folds,
      remoteBytes: k * (remote.levels + remote.folds),
      localBytes: local.levels + local.folds,
      added: remote.levels + local.levels + (remote.folds + local.folds) / 2,
    };
  },
  /** Recursive halving, and doubling back (Rabenseifner): nearest ranks first, so that hosts exchange only their part. */
  halving: (h, k) => {
    const [remote, local] = [tree(h), tree(k)];
    const remoteAdded = (remote.ranks - 1) / remote.ranks + remote.folds / 2;
    const localAdded = (local.ranks - 1) / local.ranks + local.folds / 2;
    return {
      remoteSteps: 2 * remote.levels + remote.folds,
      localSteps: 2 * local.levels + local.folds,
      remoteBytes: 2 * remoteAdded,
      localBytes: 2 * localAdded,
      added: localAdded + remoteAdded / k,
    };
  },
  /** Rings within hosts, and between hosts one ring for each kth part. */
  hierarchical: (h, k) => ({
    remoteSteps: 2 * (h - 1),
    localSteps: 2 * (k - 1),
    remoteBytes: (2 * (h - 1)) / h,
    localBytes: (2 * (k - 1)) / k,
    added: (k - 1) / k + (h - 1) / h / k,
  }),
};

/** The power of two that takes part in a tree. The ranks beyond it hand their values over before, and get the sums after. */
function tree(ranks: number) {
  const levels = Math.floor(Math.log2(ranks));
  return { levels, ranks: 2 ** levels, folds: ranks > 2 ** levels ? 2 : 0 };
}

/**
 * The time that a sum of a message over all ranks takes, by the quickest of these algorithms; 0 for one rank.
 *
 * The model is that of Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication Operations in MPICH" (2005):
 * a message of n bytes takes α + nβ, and adding to it nγ; links carry both directions at once and do not disturb each other. Each
 * step takes the pause of the rank that waits for it besides.
 */
export function allReduceCost(
  bytes: number,
  ranks: number,
  cluster: Cluster,
  among: readonly Algorithm[] = usualAlgorithms,
): AllReduceCost {
  if (ranks === 1) return { algorithm: "ring", latency: 0, transfer: 0 };
  const { hosts, perHost } = placement(cluster, ranks);
  const { remote, local, secondsPerReducedByte, overhead, pause } = cluster;
  const costs = among.map((algorithm): AllReduceCost => {
    const { remoteSteps, localSteps, remoteBytes, localBytes, added } = shares[algorithm](hosts, perHost);
    const perByte =
      remoteBytes * remote.secondsPerByte + localBytes * local.secondsPerByte + added * secondsPerReducedByte;
    const latency = overhead + remoteSteps * (remote.latency + pause) + localSteps * (local.latency + pause);
    return { algorithm, latency, transfer: bytes * perByte };
  });
  return costs.reduce((best, cost) => (total(cost) < total(best) ? cost : best));
}

function total({ latency, transfer }: AllReduceCost): number {
  return latency + transfer;
}
