type Action = "stop" | "snapshot" | "none";

/** In the order in which a solver reads them. */
const signals = ["SIGHUP", "SIGINT"] as const;
type Signal = (typeof signals)[number];

/**
 * Keeps signals as requests, which a solver reads between iterations, as Caffe does: SIGHUP first, then SIGINT. If a
 * second SIGINT comes before the solver has read the first, the process ends at once.
 */
export function catchSignals(effects: Readonly<Record<Signal, Action>>): { next: () => Action; release: () => void } {
  const pending = new Set<NodeJS.Signals>();
  const handler = (signal: NodeJS.Signals) => {
    if (signal === "SIGINT" && pending.has(signal)) process.exit(130);
    pending.add(signal);
  };
  for (const signal of signals) process.on(signal, handler);
  return {
    next: () => {
      const signal = signals.find((each) => pending.delete(each));
      return signal ? effects[signal] : "none";
    },
    release: () => {
      for (const signal of signals) process.off(signal, handler);
    },
  };
}
