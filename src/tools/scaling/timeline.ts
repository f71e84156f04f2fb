/** What a rank does in an iteration, in its order. */
export type RankEvent =
  /** It computes for so many seconds, if it computes at full speed. */
  | { readonly kind: "compute"; readonly seconds: number }
  /** Gradients are complete: their sum over all ranks is asked for, and goes on while the rank computes. */
  | { readonly kind: "bucket"; readonly bytes: number }
  /** It waits for a sum over all ranks that the next step needs. */
  | { readonly kind: "wait"; readonly bytes: number };

/** The time of one sum, in seconds, the part that does not depend on its size and the other. */
export interface MessageCost {
  readonly latency: number;
  readonly transfer: number;
}

export interface Rates {
  /** The speed of computing, 1 for that of the events: while no bucket is under way, and while one is. */
  readonly alone: number;
  readonly sending: number;
}

/** When things end, in seconds from the start. */
export interface Outcome {
  /** The last event, and the last bucket. */
  readonly computed: number;
  readonly seconds: number;
  /** How long the rank waited for sums that it needed at once. */
  readonly blocked: number;
  /** How long buckets were under way. */
  readonly sending: number;
}

/** A message on its way. */
interface Message {
  latency: number;
  transfer: number;
}

/**
 * Plays one iteration of a rank, when all ranks do the same at the same time. Buckets are under way one after the other, in
 * their order. A sum that the rank waits for does not queue behind them; while both have bytes on the wire, each gets half of it.
 */
export function play(events: readonly RankEvent[], costOf: (bytes: number) => MessageCost, rates: Rates): Outcome {
  const queue: Message[] = [];
  let bucket: Message | undefined;
  let needed: Message | undefined;
  let compute = 0;
  let next = 0;
  let [time, blocked, sending, computed] = [0, 0, 0, 0];
  for (;;) {
    bucket ??= queue.shift();
    if (compute <= 0 && !needed && next < events.length) {
      const event = events[next++] as RankEvent;
      if (event.kind === "compute") compute = event.seconds;
      else if (event.kind === "wait") needed = { ...costOf(event.bytes) };
      else queue.push({ ...costOf(event.bytes) });
      continue;
    }
    if (compute <= 0 && !needed) {
      // All events have happened: what is left is on the wire.
      computed ||= time;
      if (!bucket) return { computed, seconds: time, blocked, sending };
    }
    const rate = bucket ? rates.sending : rates.alone;
    const onWire = [bucket, needed].filter((message) => message && message.latency <= 0).length;
    const share = 1 / Math.max(1, onWire);
    const ends = [bucket, needed].flatMap((message) => (message ? [timeLeft(message, share)] : []));
    if (compute > 0 && !needed) ends.push(compute / rate);
    const step = Math.min(...ends);
    time += step;
    if (bucket) sending += step;
    if (needed) blocked += step;
    else compute = settled(compute - step * rate);
    bucket = advanced(bucket, step, share);
    needed = advanced(needed, step, share);
  }
}

/** Seconds until the message's present part ends. */
function timeLeft({ latency, transfer }: Message, share: number): number {
  return latency > 0 ? latency : transfer / share;
}

/** The message after `step` seconds; undefined if it has arrived. */
function advanced(message: Message | undefined, step: number, share: number): Message | undefined {
  if (!message) return undefined;
  if (message.latency > 0) message.latency = settled(message.latency - step);
  else message.transfer = settled(message.transfer - step * share);
  return message.latency > 0 || message.transfer > 0 ? message : undefined;
}

/** What is left of a time: less than a picosecond is rounding. */
function settled(seconds: number): number {
  return seconds < 1e-12 ? 0 : seconds;
}
