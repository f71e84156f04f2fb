import { describe, expect, test } from "vitest";
import { netFromText } from "../../test/nets.js";

const zero = "param { lr_mult: 0 } ";

interface Parts {
  /** The number of param specs of the BatchNorm. */
  readonly specs?: number;
  /** Other fields of the BatchNorm. */
  readonly fields?: string;
  /** The layer behind it, from "n" to "m". */
  readonly behind?: string;
  readonly header?: string;
}

const power = `layer { name: "p" type: "Power" bottom: "n" top: "m" power_param { scale: 2 } }`;

/** A convolution that is frozen, a BatchNorm, a layer behind it, and an InnerProduct that learns. */
const netOf = ({ specs = 0, fields = "", behind = power, header = "" }: Parts) => `${header}
  layer { name: "d" type: "Input" top: "x" top: "t" input_param { shape { dim: 4 dim: 2 dim: 3 dim: 3 } shape { dim: 4 dim: 2 } } }
  layer { name: "c" type: "Convolution" bottom: "x" top: "c" ${zero} convolution_param { num_output: 3 kernel_size: 2 bias_term: false weight_filler { type: "msra" } } }
  layer { name: "b" type: "BatchNorm" bottom: "c" top: "n" ${zero.repeat(specs)} ${fields} }
  ${behind}
  layer { name: "f" type: "InnerProduct" bottom: "m" top: "f" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
  layer { name: "l" type: "EuclideanLoss" bottom: "f" bottom: "t" top: "l" }`;

const inputs = {
  x: Float32Array.from({ length: 72 }, (_, i) => Math.sin(i * i)),
  t: Float32Array.from({ length: 8 }, (_, i) => Math.cos(i)),
};

/** The layers that Caffe's log says to need backward. */
async function needing(parts: Parts): Promise<string> {
  const names: string[] = [];
  const log = (_: string, __: string, text: string) => {
    const [, name] = /^(.*) needs backward computation\.$/.exec(text) ?? [];
    if (name) names.push(name);
  };
  const net = await netFromText(netOf(parts), { log });
  await net.dispose();
  return names.join(" ");
}

/** After one run, whether the diff of each of these blobs has other values than 0. */
async function filled(parts: Parts, ...names: readonly string[]): Promise<readonly boolean[]> {
  const net = await netFromText(netOf(parts));
  await net.forward(inputs);
  await net.backward();
  const found = names.map((name) => net.blobs.get(name)?.diff.some((value) => value !== 0) ?? false);
  await net.dispose();
  return found;
}

describe("a param spec that the prototxt lacks counts as learning, also where the layer adds it", () => {
  test.each([0, 1, 2])("a BatchNorm with %i specs runs backward, and all behind it", async (specs) => {
    expect(await needing({ specs })).toBe("l f p b");
    // BatchNorm's backward writes the gradient below it, although no layer there needs one.
    expect(await filled({ specs }, "m", "n", "c", "x")).toEqual([true, true, true, false]);
  });

  test("three specs of 0 save this", async () => {
    expect(await needing({ specs: 3 })).toBe("l f");
    expect(await filled({ specs: 3 }, "m", "n", "c")).toEqual([false, false, false]);
  });

  test("names do not change it: a shared parameter has the spec of each layer", async () => {
    const shared = (name: string) => `param { name: "${name}" lr_mult: 0 } `;
    const named = ["mean", "var", "s"].map(shared).join("");
    const twice = (specs: string) => `layer { name: "b2" type: "BatchNorm" bottom: "n" top: "m" ${specs} }`;
    expect(await needing({ fields: named, behind: twice(named) })).toBe("l f");
    expect(await needing({ fields: named, behind: twice(shared("mean")) })).toBe("l f b2");
  });

  test("propagate_down: false behind the BatchNorm ends it", async () => {
    const stopped = power.replace('top: "m"', 'top: "m" propagate_down: false');
    expect(await needing({ behind: stopped })).toBe("l f p");
  });

  test("the statistics do not learn all the same", async () => {
    const net = await netFromText(netOf({}));
    expect(net.learnables.map(({ layer, lrMult }) => `${layer.name} ${lrMult}`)).toEqual([
      "c 0",
      ...["b 0", "b 0", "b 0"],
      ...["f 1", "f 1"],
    ]);
    await net.dispose();
  });

  test("debug_info tells of their gradients, which are 0", async () => {
    const lines: string[] = [];
    const log = (_: string, __: string, text: string) => void (text.includes("[Backward] Layer b") && lines.push(text));
    for (const keep of ["all", "outputs"] as const) {
      lines.length = 0;
      const net = await netFromText(netOf({ specs: 1, header: "debug_info: true" }), { log, keep });
      await net.forward(inputs);
      await net.backward();
      await net.dispose();
      expect(lines).toEqual([1, 2].map((i) => `    [Backward] Layer b, param blob ${i} diff: 0`));
    }
  });
});

describe("where no gradient can go, the first backward is refused", () => {
  const layerOf = (type: string) => `layer { name: "p" type: "${type}" bottom: "n" top: "m" }`;
  const run = async (parts: Parts, keep: "all" | "outputs") => {
    const net = await netFromText(netOf(parts), { keep });
    try {
      await net.forward(inputs);
      await net.backward();
    } finally {
      await net.dispose();
    }
  };

  describe.each(["all", "outputs"] as const)("keep: %s", (keep) => {
    test.each(["Threshold", "ArgMax"])("%s behind a BatchNorm without specs", async (type) => {
      const reason = new RegExp(
        `layer "p" \\(${type}\\): has no gradient: .*layer "b" \\(BatchNorm\\) has 1 param spec for 3 parameters`,
      );
      await expect(run({ specs: 1, behind: layerOf(type) }, keep)).rejects.toThrow(reason);
      await run({ specs: 3, behind: layerOf(type) }, keep);
    });

    test("labels that a BatchNorm made", async () => {
      const net = netOf({}).replace(
        '"EuclideanLoss" bottom: "f" bottom: "t"',
        '"SigmoidCrossEntropyLoss" bottom: "f" bottom: "u"',
      );
      const labels = (specs: string) =>
        net.replace(
          '  layer { name: "f"',
          `  layer { name: "bt" type: "BatchNorm" bottom: "t" top: "u" ${specs} }\n  layer { name: "f"`,
        );
      for (const specs of ["", zero.repeat(3)]) {
        const built = await netFromText(labels(specs), { keep });
        await built.forward(inputs);
        const done = built.backward();
        if (specs) await done;
        else await expect(done).rejects.toThrow(/to its targets "u"\. Nothing below it learns, but layer "bt"/);
        await built.dispose();
      }
    });
  });

  test("the missing specs are not blamed where a layer below learns", async () => {
    const learning = netOf({ behind: layerOf("Threshold") }).replace(`top: "c" ${zero}`, 'top: "c"');
    const net = await netFromText(learning);
    await net.forward(inputs);
    await expect(net.backward()).rejects.toThrow(/has no gradient: cannot propagate down to "n"$/);
    await net.dispose();
  });
});
