// Nets and weights of before 2015, and BatchNorm layers that declare their statistics: upgraded to what the reference
// makes of them, and computing what it computes.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { equals } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { Net } from "../../src/index.js";
import { blobValues, readNet, writeNet } from "../../src/proto/binary/index.js";
import { NetParameterSchema } from "../../src/proto/gen/caffe_pb.js";
import { sourceOf } from "../../src/proto/source.js";
import { formatNet, formatText, parseNet } from "../../src/proto/text/index.js";
import { needsNetUpgrade, upgradeNet } from "../../src/proto/upgrade/net.js";
import { silent } from "../../src/util/log.js";
import { readSafetensors } from "../safetensors.js";
import { engineChoices, relativeError } from "./engines.js";

const folder = fileURLToPath(new URL("files/legacy/", import.meta.url));
const text = (name: string) => readFileSync(`${folder}${name}.prototxt`, "utf8");

function read(name: string) {
  const { message, issues } = parseNet(text(name), { file: `${name}.prototxt` });
  expect(issues).toEqual([]);
  return message;
}

describe.each(["v0", "v1", "bn_specs"])("%s", (name) => {
  test("is upgraded to the reference's net, message and text", () => {
    const net = read(name);
    expect(needsNetUpgrade(net)).toBe(true);
    upgradeNet(net, name, silent);
    expect(equals(NetParameterSchema, net, read(`${name}.upgraded`))).toBe(true);
    expect(formatText(NetParameterSchema, net)).toBe(text(`${name}.upgraded`));
    expect(formatNet(net)).toBe(text(`${name}.upgraded`));
    expect(formatNet(upgradeNet(net, name, silent))).toBe(text(`${name}.upgraded`));
  });

  test("has its layers where the old ones stood", () => {
    const lines = text(name).split("\n");
    for (const layer of upgradeNet(read(name), name, silent).layer) {
      const line = lines[(sourceOf(layer)?.place.line ?? 0) - 1];
      expect(line).toContain(layer.type === "Input" ? 'input: "data"' : `name: "${layer.name}"`);
    }
  });
});

describe.each(["v0", "v1"])("the weights of %s", (name) => {
  const bytes = () => new Uint8Array(readFileSync(`${folder}${name}.caffemodel`));
  const { tensors } = readSafetensors(readFileSync(`${folder}${name}.safetensors`));

  test("are upgraded without copying them", () => {
    const net = readNet(bytes());
    const before = net.layers.flatMap(({ blobs, layer }) => [...blobs, ...(layer?.blobs ?? [])]);
    expect(before.length).toBe(4);
    const after = upgradeNet(net, name, silent).layer.flatMap(({ blobs }) => blobs);
    expect(after.every((blob, i) => blob === before[i])).toBe(true);
    expect(after.map((blob) => blobValues(blob).data.length)).toEqual(
      [...paramsOf()].map(([, { data }]) => data.length),
    );
    const again = readNet(new Uint8Array(Buffer.concat(writeNet(net))));
    expect(again.layer.flatMap(({ blobs }) => blobs.map((blob) => blobValues(blob).data))).toEqual(
      after.map((blob) => blobValues(blob).data),
    );
  });

  test.each(Object.entries(engineChoices))(
    "go into the old net, which computes what the reference does, on %s",
    async (_, choice) => {
      const net = await Net.load(`${folder}${name}.prototxt`, { ...choice, weights: `${folder}${name}.caffemodel` });
      for (const [param, { data }] of paramsOf()) {
        const [, layer, index] = param.split("/");
        expect([...(net.params.get(layer)?.[Number(index)].data ?? [])]).toEqual([...data]);
      }
      await net.forward({ data: tensors.get("in/data")?.data ?? [] });
      const outputs = [...tensors].filter(([key]) => key.startsWith("out/"));
      expect(outputs.length).toBeGreaterThan(0);
      for (const [key, { shape, data }] of outputs) {
        const blob = net.blobs.get(key.slice(4));
        expect(blob?.shape).toEqual(shape);
        expect(relativeError(blob?.data ?? [], data), key).toBeLessThanOrEqual(1e-5);
      }
      await net.dispose();
    },
  );

  function paramsOf() {
    return [...tensors].filter(([key]) => key.startsWith("param/"));
  }
});

test("an error in an old net names the line of the old layer", async () => {
  const old = text("v1").replace('bottom: "pool1"', 'bottom: "pool2"');
  await expect(Net.load(old, { engine: "reference" })).rejects.toThrow(
    '<text>:8:1: layer "ip" (InnerProduct): bottom 0 is "pool2", which no layer above produces',
  );
});
