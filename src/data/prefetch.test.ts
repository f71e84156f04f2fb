import { expect, test } from "vitest";
import { type BatchSource, ignoreRejection, Prefetcher } from "./prefetch.js";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Batches of three numbers. Every 7th number is an error, and each is delivered with a small delay. */
class Numbers implements BatchSource<number, { at: number }> {
  at = 0;
  collected = 0;
  isBusy = false;

  get position() {
    return { at: this.at };
  }

  async collect() {
    if (this.isBusy) throw new Error("two batches at once");
    this.isBusy = true;
    const items: Promise<number>[] = [];
    for (let i = 0; i < 3; i++) {
      items.push(ignoreRejection(this.#item(this.at++)));
      if (this.at % 4 === 0) await turn();
    }
    this.collected += 1;
    this.isBusy = false;
    return items;
  }

  async moveTo(position: unknown) {
    const { at } = position as { at: number };
    if (!Number.isInteger(at)) throw new Error("no position");
    this.at = at;
  }

  async enterShare() {
    this.at += 3;
    if (this.at > 90) throw new Error("no share");
  }

  async #item(value: number) {
    await turn();
    if (value % 7 === 6) throw new Error(`no ${value}`);
    return value;
  }
}

const outcomes = async (prefetcher: Prefetcher<number, unknown>, count: number) => {
  const all: unknown[] = [];
  for (let i = 0; i < count; i++) all.push(await prefetcher.next().catch(String));
  return all;
};

test.each([0, 1, 4])("batches come in order, with their errors, %i ahead", async (depth) => {
  const prefetcher = new Prefetcher(new Numbers(), depth);
  expect(await outcomes(prefetcher, 5)).toEqual([[0, 1, 2], [3, 4, 5], "Error: no 6", [9, 10, 11], "Error: no 13"]);
  await prefetcher.stop();
});

test("the given number of batches is read ahead, and no more", async () => {
  const source = new Numbers();
  const prefetcher = new Prefetcher(source, 3);
  expect(source.collected).toBe(0);
  await prefetcher.next();
  for (let i = 0; i < 50; i++) await turn();
  expect(source.collected).toBe(4);
  await prefetcher.stop();
});

test("the position is that of the next batch, whatever is read ahead, and can be restored", async () => {
  const source = new Numbers();
  const prefetcher = new Prefetcher(source, 4);
  expect(prefetcher.position).toEqual({ at: 0 });
  await outcomes(prefetcher, 3);
  const saved = prefetcher.position;
  expect(saved).toEqual({ at: 9 });
  const wanted = await outcomes(prefetcher, 4);
  await prefetcher.moveTo(saved);
  expect(await outcomes(prefetcher, 4)).toEqual(wanted);

  await prefetcher.moveTo(saved);
  await outcomes(prefetcher, 1);
  await expect(prefetcher.moveTo({ at: "there" })).rejects.toThrow("no position");
  expect(prefetcher.position).toEqual({ at: 12 }); // the position is unchanged
  expect(await outcomes(prefetcher, 3)).toEqual(wanted.slice(1));
  await prefetcher.stop();
});

test("a position where all ranks stood leads to the rank's own share, or changes nothing", async () => {
  const prefetcher = new Prefetcher(new Numbers(), 2);
  await outcomes(prefetcher, 1);
  await prefetcher.moveTo({ at: 7 }, true);
  expect(await outcomes(prefetcher, 1)).toEqual([[10, 11, 12]]);
  await expect(prefetcher.moveTo({ at: 90 }, true)).rejects.toThrow("no share");
  expect(prefetcher.position).toEqual({ at: 13 });
  await prefetcher.stop();
});
