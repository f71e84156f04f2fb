export type Action = "stop" | "snapshot" | "none";
type Signal = "SIGINT" | "SIGHUP";

/**
 * Keeps signals as requests, which a solver reads between iterations, as Caffe does: SIGHUP first, then SIGINT. If a
 * second SIGINT comes before the solver has read the first, the process ends at once.
 */
export function catchSignals(effects: Readonly<Record<Signal, Action>>): { next: () => Action; release: () => void } {
  const pending = new Set<Signal>();
  const handlers = (Object.keys(effects) as Signal[]).map((signal) => {
    const handler = () => {
      if (signal === "SIGINT" && pending.has(signal)) process.exit(130);
      pending.add(signal);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  return {
    next: () => {
      const signal = pending.has("SIGHUP") ? "SIGHUP" : pending.has("SIGINT") ? "SIGINT" : undefined;
      if (!signal) return "none";
      pending.delete(signal);
      return effects[signal];
    },
    release: () => {
      for (const { signal, handler } of handlers) process.off(signal, handler);
    },
  };
}
