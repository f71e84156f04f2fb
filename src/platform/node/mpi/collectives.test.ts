import { expect, it } from "vitest";
import { createCollectives, createTimes } from "./collectives.js";
import type { Mpi } from "./functions.js";
import type { Requests } from "./requests.js";

/** MPI whose calls note where they begin, and how many values they carry. Arrays lie at their offsets in the buffer. */
function noting() {
  const sent: (readonly [at: number, values: number])[] = [];
  const reduce: Mpi["beginAllReduce"] = (_, at, count) => sent.push([at, count]) && 0;
  const move: Mpi["beginBroadcast"] = (at, count) => sent.push([at, count]) && 0;
  const calls = { beginAllReduce: reduce, beginBroadcast: move, beginSend: move, beginGather: () => 0 };
  const constants = { reductions: {} } as unknown as Mpi["constants"];
  const mpi = { ...calls, constants, addressOf: ({ byteOffset }: ArrayBufferView) => byteOffset } as unknown as Mpi;
  const begin: Requests["begin"] = async (_call, _isSmall, _keep, start) => start(0);
  const requests = { begin } as Requests;
  return { sent, collectives: createCollectives(mpi, 0, { rank: 1, size: 2 }, requests, () => 0, 4) };
}

it("sends arrays that are longer than MPI counts in pieces, each value once", async () => {
  const { sent, collectives } = noting();
  await collectives.allReduce(new Float32Array(9));
  await collectives.broadcast(new Float64Array(8));
  await collectives.gather(new Uint8Array(5));
  await collectives.allReduce(new Float64Array(0));
  const reduced = [
    [0, 4],
    [16, 4],
    [32, 1],
  ];
  const broadcast = [
    [0, 4],
    [32, 4],
  ];
  const gathered = [
    [0, 4],
    [4, 1],
  ];
  expect(sent).toEqual([...reduced, ...broadcast, ...gathered, [0, 0]]);
});

it("counts time in which several reductions are in flight once, in whatever order they end", () => {
  const times = createTimes();
  const first = times.begin(100, 0);
  const second = times.begin(50, 2);
  second(5);
  expect(times.sum().seconds).toBe(0);
  first(10);
  expect(times.sum()).toEqual({ calls: 2, bytes: 150, seconds: 10 });
  times.begin(1, 12)(13);
  expect(times.sum()).toEqual({ calls: 3, bytes: 151, seconds: 11 });
});
