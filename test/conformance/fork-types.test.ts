// How many of the real nets have a layer that Moka has no class for: `npx vitest run test/conformance/fork-types.test.ts` prints the
// types that are missing, by the number of nets.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { createCatalog } from "../../src/layers/registry.js";
import { type LayerParameter, NetParameterSchema } from "../../src/proto/gen/caffe_pb.js";
import { parseText } from "../../src/proto/text/index.js";
import { upgradeNetAsNeeded } from "../../src/proto/upgrade/net.js";
import { silent } from "../../src/util/log.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));
const here = existsSync(`${corpus}prototxt.csv`);
const catalog = createCatalog();

/** A layer's type; of a Python layer the class that it names. */
function typeOf({ type, pythonParam }: LayerParameter): string {
  return type === "Python" && pythonParam ? `Python ${pythonParam.module}.${pythonParam.layer}` : type;
}

/** The layers of a net in today's form. Of the one that Caffe does not upgrade, the old ones are left out: all their types are BVLC's. */
function layersOf(text: string): readonly LayerParameter[] {
  const net = parseText(NetParameterSchema, text).message;
  try {
    upgradeNetAsNeeded(net, "the net", silent);
  } catch {
    return net.layer;
  }
  return net.layer;
}

describe.skipIf(!here)(here ? "real nets" : "real nets (skipped: there is no ../shared/corpus)", () => {
  test("have no layer without a class, but for 5 of 100", () => {
    const rows = readFileSync(`${corpus}prototxt.csv`, "utf8").split(/\r?\n/);
    const isNet = (file: string) => rows.some((row) => row.includes(`,${file},net_`));
    const files = readdirSync(`${corpus}prototxt`).filter(isNet);
    expect(files).toHaveLength(397);
    const missing = new Map<string, string[]>();
    const without = new Set<string>();
    for (const file of files) {
      const layers = layersOf(readFileSync(`${corpus}prototxt/${file}`, "utf8"));
      for (const type of new Set(layers.filter((layer) => !catalog.has(layer)).map(typeOf))) {
        missing.set(type, [...(missing.get(type) ?? []), file]);
        without.add(file);
      }
    }
    const share = without.size / files.length;
    const lines = [...missing]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([type, nets]) => `${String(nets.length).padStart(4)}  ${type || "(no type)"}`);
    const head = `${without.size} of ${files.length} nets (${(100 * share).toFixed(1)} %) have a layer that Moka has no class for:`;
    process.stdout.write(`${[head, ...lines].join("\n")}\n`);
    expect(share).toBeLessThanOrEqual(0.05);
  });
});
