/** What a message takes between two ranks. */
export interface Link {
  /** α: seconds that a message of no bytes takes. */
  readonly latency: number;
  /** β: seconds that each byte takes; a link carries this rate in both directions at once. */
  readonly secondsPerByte: number;
}

/** Equal hosts, each with the same number of ranks. */
export interface Cluster {
  /** Ranks on one host, from its first core on: rank 0 to `perHost` − 1 are on the first host. */
  readonly perHost: number;
  /** Between two hosts. All ranks of a host share it. */
  readonly remote: Link;
  /** Between two ranks of one host. Each pair has this rate. */
  readonly local: Link;
  /** γ: seconds that a rank needs to add a byte that it received to its own. */
  readonly secondsPerReducedByte: number;
  /** Seconds that each sum over all ranks costs a rank besides, in its own program, whatever its size. */
  readonly overhead: number;
  /** Seconds until a rank notices that a message has come, and sends the next: how often it looks. */
  readonly pause: number;
  readonly cores: number;
  /** Threads that compute, of each rank. */
  readonly threads: number;
  /** The part of a core that each rank uses for a message that is under way while it computes, from 0 to 1. */
  readonly progressCores: number;
}

/**
 * The speed at which a rank computes, beside that of one rank alone on a host: less than 1 where all threads of the host need
 * more cores than it has.
 *
 * @param isSending whether a message is under way too
 */
export function computeRate({ cores, threads, perHost, progressCores }: Cluster, isSending: boolean): number {
  return Math.min(1, cores / (perHost * (threads + (isSending ? progressCores : 0))));
}

/** How N ranks lie on hosts: full hosts, and as few as possible. */
export function placement({ perHost }: Cluster, ranks: number): { readonly hosts: number; readonly perHost: number } {
  const most = Math.min(perHost, ranks);
  return { hosts: Math.ceil(ranks / most), perHost: most };
}
