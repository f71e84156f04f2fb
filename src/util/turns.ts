import { check } from "./errors.js";

/** Pieces of work that must not overlap: each starts when those that were asked for before it have ended. */
export class Turns {
  #areTaken = false;
  /** Functions that begin the turns that wait, in the order of the calls. */
  readonly #waiting: (() => void)[] = [];
  #isInside = false;

  /** Whether a turn runs. One that is taken now has to wait. */
  get areTaken(): boolean {
    return this.#areTaken;
  }

  /**
   * Does `work` as one turn, at once if no turn runs.
   *
   * @throws MokaError `MOKA_USAGE` from code that `inside` calls
   */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const wait = this.begin();
    if (wait) await wait;
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /**
   * Begins a turn, which its caller must end: at once, or when the promise settles.
   *
   * @throws MokaError `MOKA_USAGE` from code that `inside` calls
   */
  begin(): Promise<void> | undefined {
    check(!this.#isInside, "MOKA_USAGE", "a layer called its own net during a run: the call would wait for that run");
    if (this.#areTaken) return new Promise((begin) => this.#waiting.push(begin));
    this.#areTaken = true;
    return undefined;
  }

  /** Ends a turn that `begin` began, and lets the next one begin. */
  end(): void {
    const begin = this.#waiting.shift();
    if (begin) begin();
    else this.#areTaken = false;
  }

  /** Calls code that the current turn waits for. If this code takes a turn before it returns, that is an error, not a deadlock. */
  inside<T>(call: () => T): T {
    this.#isInside = true;
    try {
      return call();
    } finally {
      this.#isInside = false;
    }
  }
}

const shared = new WeakMap<object, Turns>();

/** The turns of all users of one object, such as the nets on one engine. */
export function turnsOf(owner: object): Turns {
  const turns = shared.get(owner) ?? new Turns();
  shared.set(owner, turns);
  return turns;
}
