type Action = "stop" | "snapshot" | "none";

/** In the order in which a solver reads them. */
const signals = ["SIGHUP", "SIGINT"] as const;
type Signal = (typeof signals)[number];

/**
 * Keeps signals as requests, which a solver reads between iterations, as Caffe does: SIGHUP first, then SIGINT. If
 * another SIGINT comes a second later and the solver has not read the first, the process ends at once. Sooner it is the
 * same Ctrl-C: npx passes on what the terminal has already sent.
 */
export function catchSignals(effects: Readonly<Record<Signal, Action>>): { next: () => Action; release: () => void } {
  const pending = new Set<NodeJS.Signals>();
  let interrupted = 0;
  const handler = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (signal === "SIGINT" && !pending.has(signal)) interrupted = now;
    else if (signal === "SIGINT" && now - interrupted > 1000) process.exit(130);
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
