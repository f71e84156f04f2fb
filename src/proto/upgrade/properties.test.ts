import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { messages } from "../../../test/messages.js";
import { MokaError } from "../../util/errors.js";
import { silent } from "../../util/log.js";
import {
  type NetParameter,
  NetParameterSchema,
  type V0LayerParameter,
  V0LayerParameterSchema,
  type V1LayerParameter,
  V1LayerParameterSchema,
} from "../gen/caffe_pb.js";
import { formatText, parseText } from "../text/index.js";
import { upgradeNet, upgradeNetAsNeeded } from "./net.js";

const v1 = messages(V1LayerParameterSchema, 3).map((message) => {
  const layer = message as V1LayerParameter;
  delete layer.layer;
  return layer;
});

const types =
  "conv pool innerproduct data images window_data hdf5_data hdf5_output lrn dropout concat relu split".split(" ");
const v0 = fc.tuple(messages(V0LayerParameterSchema, 2), fc.constantFrom(...types)).map(([message, type]) => {
  const layer = message as V0LayerParameter;
  layer.type = type;
  return create(V1LayerParameterSchema, { layer });
});

const net = (layers: V1LayerParameter[]) => create(NetParameterSchema, { layers });
const bytesOf = (message: NetParameter) => toBinary(NetParameterSchema, message);
const reread = (message: NetParameter) => {
  const { message: again, issues } = parseText(NetParameterSchema, formatText(NetParameterSchema, message));
  expect(issues).toEqual([]);
  return again;
};

test.each([
  ["V1", v1],
  ["V0", v0],
])("any %s net is upgraded to one that needs no more, the same from text and from the message", (_, layer) => {
  fc.assert(
    fc.property(fc.array(layer, { minLength: 1, maxLength: 3 }), (layers) => {
      const old = net(layers);
      const fromText = upgradeNet(reread(old), "text", silent);
      const blobs = layers.flatMap((each) => [...each.blobs, ...(each.layer?.blobs ?? [])]);
      const errors: string[] = [];
      const complete = upgradeNetAsNeeded(old, "any", (severity, origin) => {
        if (severity === "error") errors.push(origin);
      });
      expect(complete).toBe(errors.length === 0);
      expect(old.layers).toEqual([]);
      expect(old.layer.length).toBe(layers.length);
      expect(old.layer.flatMap((each) => each.blobs)).toEqual(blobs);
      expect(bytesOf(fromText)).toEqual(bytesOf(old));
      expect(bytesOf(reread(old))).toEqual(bytesOf(old));
      expect(bytesOf(upgradeNet(reread(old), "again", silent))).toEqual(bytesOf(old));
    }),
    { numRuns: 100 },
  );
});

test("any net is upgraded or refused", () => {
  fc.assert(
    fc.property(messages(NetParameterSchema, 3), (message) => {
      const old = message as NetParameter;
      try {
        upgradeNet(old, "any", silent);
        expect(old.layers).toEqual([]);
        expect(old.input).toEqual([]);
      } catch (error) {
        expect(error).toBeInstanceOf(MokaError);
        expect(["MOKA_LAYER", "MOKA_BLOB", "MOKA_FIELD"]).toContain((error as MokaError).code);
      }
    }),
    { numRuns: 200 },
  );
});
