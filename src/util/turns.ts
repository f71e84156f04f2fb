import { check } from "./errors.js";

/** Pieces of work that must not overlap: each starts when those that were asked for before it have ended. */
export class Turns {
  /** Resolves when all turns taken so far have ended; `undefined` while none runs. */
  #last: Promise<void> | undefined;
  #isInside = false;

  /** Whether a turn runs. One that is taken now has to wait. */
  get areTaken(): boolean {
    return this.#last !== undefined;
  }

  /**
   * Does `work`, at once if no turn runs.
   *
   * @throws MokaError `MOKA_USAGE` from code that `inside` calls
   */
  async take<T>(work: () => Promise<T>): Promise<T> {
    check(!this.#isInside, "MOKA_USAGE", "a layer called its own net during a run: the call would wait for that run");
    const before = this.#last;
    let end = () => {};
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#last = turn;
    try {
      if (before) await before;
      return await work();
    } finally {
      if (this.#last === turn) this.#last = undefined;
      end();
    }
  }

  /** Calls code that the present turn waits for. A turn that it takes before it returns is an error, not a deadlock. */
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
