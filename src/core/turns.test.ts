// Calls in parallel, calls after `dispose`, and turns of the event loop.
import { describe, expect, test, vi } from "vitest";
import { netFromText } from "../../test/nets.js";
import { Layer } from "./layer.js";
import type { Net } from "./net.js";
import type { Recorder } from "./recorder.js";
import type { Tensor } from "./tensor.js";

const input = 'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 } } }\n';
const tenfold = `${input}layer { name: "p" type: "Power" bottom: "d" top: "y" power_param { scale: 10 } }`;

/** Passes its bottom on, after a turn of the event loop. */
class Slow extends Layer {
  static readonly type = "Slow";
  override readonly bottomCount = 1;
  override readonly topCount = 1;
  static during: () => unknown = () => {};

  override topShapes([x]: readonly [readonly number[]]) {
    return [x];
  }

  override forward(k: Recorder, [x]: [Tensor], [y]: [Tensor]): void {
    k.host("slow", async () => {
      const answer = Slow.during();
      if (answer instanceof Promise) await answer;
      await new Promise((resolve) => setTimeout(resolve));
      y.data.array.set(x.data.array);
    });
  }
}

const slow = (): Promise<Net> =>
  netFromText(
    `${input}layer { name: "s" type: "Slow" bottom: "d" top: "s" }
     layer { name: "p" type: "InnerProduct" bottom: "s" top: "y" inner_product_param { num_output: 1 axis: 0 bias_term: false weight_filler { type: "constant" value: 10 } } }`,
    { own: { Slow }, phase: "TEST" },
  );

describe("calls in parallel", () => {
  test.each([
    ["a net whose steps are all kernels", () => netFromText(tenfold)],
    ["a net with a layer that waits", slow],
  ])("give each its own outputs, in %s", async (_, load) => {
    const net = await load();
    const outputs = await Promise.all([1, 2, 3].map((value) => net.forward({ d: [value] })));
    expect(outputs.map(({ y }) => [...(y ?? [])])).toEqual([[10], [20], [30]]);
    await net.dispose();
  });

  test("take the inputs that the array holds at the call", async () => {
    const net = await slow();
    const d = new Float32Array(1);
    const outputs = [1, 2, 3].map((value) => {
      d[0] = value;
      return net.forward({ d });
    });
    d[0] = 99;
    expect((await Promise.all(outputs)).map(({ y }) => y?.[0])).toEqual([10, 20, 30]);
    await net.dispose();
  });

  test("that fail do not stop the others", async () => {
    const net = await slow();
    const bad = net.forward({ d: [1, 2] });
    const good = net.forward({ d: [4] });
    await expect(bad).rejects.toThrow('input "d" has shape 1 (1), but 2 values were given');
    expect((await good).y?.[0]).toBe(40);
    await net.dispose();
  });

  test("run whole: a turn keeps several runs together", async () => {
    const net = await slow();
    const pair = net.turn(async () => {
      net.blobs.get("d")?.data.set([1]);
      await net.inTurn.forward();
      const first = net.blobs.get("y")?.data[0];
      await net.inTurn.forward();
      return [first, net.blobs.get("y")?.data[0]];
    });
    const other = net.forward({ d: [5] });
    expect(await pair).toEqual([10, 10]);
    expect((await other).y?.[0]).toBe(50);
    await net.dispose();
  });

  test.each<[string, (net: Net) => void]>([
    ["reshape", (net) => net.reshape({ d: [1] })],
    ["clearParamDiffs", (net) => net.clearParamDiffs()],
    ["copyTrainedLayers", (net) => net.copyTrainedLayers(net.toMessage())],
    ["shareTrainedLayersWith", (net) => net.shareTrainedLayersWith(net)],
  ])("%s throws during a run, and the run goes on", async (_, call) => {
    const net = await slow();
    const output = net.forward({ d: [3] });
    expect(() => call(net)).toThrow('net "" runs now: wait for the promise of that run before this call');
    expect((await output).y?.[0]).toBe(30);
    call(net);
    await net.dispose();
  });

  test("a layer that waits for a run of its own net gets an error", async () => {
    const net = await slow();
    Slow.during = () => net.forward({ d: [1] });
    await expect(net.forward({ d: [1] })).rejects.toThrow("a layer called its own net during a run");
    Slow.during = () => {};
    expect((await net.forward({ d: [2] })).y?.[0]).toBe(20);
    await net.dispose();
  });
});

describe("dispose", () => {
  test("waits for the calls before it, and refuses those after it", async () => {
    const net = await slow();
    const before = net.forward({ d: [1] });
    const also = net.forward({ d: [2] });
    const disposed = net.dispose();
    const after = net.forward({ d: [3] });
    await expect(after).rejects.toThrow('net "" was disposed of: it cannot be used any more');
    expect([(await before).y?.[0], (await also).y?.[0]]).toEqual([10, 20]);
    expect(net.dispose()).toBe(disposed);
    await disposed;
  });

  test.each<[string, (net: Net) => unknown]>([
    ["forward", (net) => net.forward({ d: [1] })],
    ["backward", (net) => net.backward()],
    ["runForward", (net) => net.runForward()],
    ["runBackward", (net) => net.runBackward()],
    ["save", (net) => net.save("never.caffemodel")],
    ["copyTrainedLayersFrom", (net) => net.copyTrainedLayersFrom("none.caffemodel")],
    ["reshape", (net) => net.reshape({ d: [2] })],
    ["reshape to the same shape", (net) => net.reshape({ d: [1] })],
    ["clearParamDiffs", (net) => net.clearParamDiffs()],
    ["toMessage", (net) => net.toMessage()],
    ["program", (net) => net.program("forward")],
    ["execution", (net) => net.execution],
    ["a turn", (net) => net.turn(async () => 1)],
  ])("after it, %s is an error", async (_, call) => {
    const net = await netFromText(`name: "small" ${tenfold}`);
    await net.dispose();
    await expect((async () => call(net))()).rejects.toThrow('net "small" was disposed of');
  });
});

describe("inputs", () => {
  test("may be arrays with their shape, and Blobs; the shape counts, but for axes of size 1", async () => {
    const net = await netFromText(
      `layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 2 dim: 3 } } }
      layer { name: "out" type: "Power" bottom: "d" top: "out" power_param { scale: 2 } }`,
    );
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    const twice = { out: Float32Array.of(2, 4, 6, 8, 10, 12) };
    for (const shape of [
      [2, 3],
      [1, 2, 3],
      [2, 1, 3],
    ])
      expect(await net.forward({ d: { shape, data } })).toEqual(twice);
    expect(await net.forward({ d: net.blobs.get("d") ?? [] })).toEqual(twice);
    await expect(net.forward({ d: { shape: [3, 2], data } })).rejects.toThrow(
      'input "d" has shape 1 2 3 (6), but the array has 3 2 (6)',
    );
    await expect(net.forward({ d: { shape: [2, 3] } as never })).rejects.toThrow("array of numbers, not undefined");
    // Both turns have the values of their call.
    const calls = [net.forward({ d: { shape: [2, 3], data } }), net.forward({ d: { shape: [2, 3], data } })];
    data.fill(0);
    expect((await Promise.all(calls))[1]).toEqual(twice);
    await net.dispose();
  });

  test("pycaffe's start and end are refused, as the whole net would run", async () => {
    const net = await netFromText(tenfold);
    for (const range of [{ start: "d" }, { end: "d" }]) {
      await expect(net.forward({}, range as object)).rejects.toThrow("given as from and to");
      await expect(net.backward(range as object)).rejects.toThrow("given as from and to");
    }
    await net.dispose();
  });

  test.each<[unknown, string]>([
    [["a"], 'must be an array of numbers, in one row; value 0 is "a"'],
    [[undefined], "value 0 is undefined"],
    [[null], "value 0 is null"],
    [[[1]], "value 0 is [1]"],
    [[1n], "value 0 is 1n"],
    [BigInt64Array.of(1n), "value 0 is 1n"],
    [new Array(1), "value 0 is undefined"],
    ["1", 'must be an array of numbers, not "1"'],
    [1, "must be an array of numbers, not 1"],
    [undefined, "must be an array of numbers, not undefined"],
    [null, "must be an array of numbers, not null"],
  ])("%o are refused, with blob, index and value", async (values, message) => {
    const net = await netFromText(tenfold);
    await expect(net.forward({ d: values as number[] })).rejects.toThrow(`input "d" `);
    await expect(net.forward({ d: values as number[] })).rejects.toThrow(message);
    await net.dispose();
  });

  test.each([[[Number.NaN]], [Float64Array.of(Number.NaN)], [{ length: 1, 0: Number.NaN }]])(
    "NaN is a number",
    async (d) => {
      const net = await netFromText(tenfold);
      expect((await net.forward({ d })).y).toEqual(Float32Array.of(Number.NaN));
      await net.dispose();
    },
  );
});

describe("the event loop", () => {
  /** The clock moves on by 10 ms at each reading. */
  let time = 0;
  const withSlowClock = async (work: () => Promise<void>): Promise<number> => {
    let turns = 0;
    time = Math.max(time, performance.now());
    vi.spyOn(performance, "now").mockImplementation(() => {
      time += 10;
      return time;
    });
    let goesOn = true;
    const count = () => {
      turns++;
      if (goesOn) setImmediate(count);
    };
    setImmediate(count);
    await work();
    goesOn = false;
    vi.restoreAllMocks();
    return turns;
  };

  test("has its turns in a loop of forwards, and of backwards", async () => {
    const net = await netFromText(tenfold);
    const forwards = await withSlowClock(async () => {
      for (let i = 0; i < 50; i++) await net.forward({ d: [i] });
    });
    expect(forwards).toBeGreaterThan(5);
    const text = `force_backward: true ${tenfold}`;
    const backward = await netFromText(text);
    const backwards = await withSlowClock(async () => {
      for (let i = 0; i < 50; i++) await backward.backward();
    });
    expect(backwards).toBeGreaterThan(5);
    await backward.dispose();
    await net.dispose();
  });

  test("has its turns between the kernels of one run", async () => {
    const chain = Array.from(
      { length: 50 },
      (_, i) => `layer { name: "l${i}" type: "TanH" bottom: "b${i}" top: "b${i + 1}" }`,
    );
    const net = await netFromText(`${input.replaceAll('"d"', '"b0"')}${chain.join("\n")}`);
    expect(await withSlowClock(() => net.runForward())).toBeGreaterThan(5);
    await net.dispose();
  });

  test("has its turns while weights are filled and copied", async () => {
    const fc = (size: number) => `${input}layer { name: "fc" type: "InnerProduct" bottom: "d" top: "y"
      inner_product_param { axis: 0 num_output: ${size} weight_filler { type: "gaussian" } } }`;
    let net: Net | undefined;
    const turns = await withSlowClock(async () => {
      net = await netFromText(fc(2 ** 22));
    });
    expect(turns).toBeGreaterThan(5);
    await net?.dispose();
  });
});
