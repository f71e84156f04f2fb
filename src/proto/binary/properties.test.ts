import { create, type Message, toBinary, type UnknownField as Unknown } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { messages } from "../../../test/messages.js";
import {
  NetParameterSchema,
  SolverParameterSchema,
  SolverStateSchema,
  V1LayerParameterSchema,
} from "../gen/caffe_pb.js";
import { readDialectOf } from "../source.js";
import { formatText, parseText } from "../text/index.js";
import { readBinary, writeBinary } from "./index.js";

const join = (chunks: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(chunks));

/** A field of a number that no message of Caffe's has. */
const unknown: fc.Arbitrary<Unknown> = fc
  .tuple(fc.integer({ min: 20_000, max: 500_000 }), fc.uint8Array())
  .chain(([no, bytes]) => {
    const field = (wireType: WireType, data: BinaryWriter): Unknown => ({ no, wireType, data: data.finish() });
    return fc.constantFrom(
      field(WireType.Varint, new BinaryWriter().uint32(bytes.length * 1000)),
      field(WireType.Bit32, new BinaryWriter().fixed32(bytes.length)),
      field(WireType.Bit64, new BinaryWriter().double(bytes.length)),
      field(WireType.LengthDelimited, new BinaryWriter().bytes(bytes)),
    );
  });

/** `message` and all messages in it. */
function within(message: Message): Message[] {
  const values: unknown[] = Object.values(message).flat();
  return [message, ...values.filter(isMessage).flatMap((inner) => within(inner))];
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "$typeName" in value;
}

test.each(
  [NetParameterSchema, V1LayerParameterSchema, SolverParameterSchema, SolverStateSchema].map(
    (each) => [each.name, each] as const,
  ),
)(
  "any %s is read as it was written, with fields it does not know, at any place, whatever the alignment",
  (_, schema) => {
    const places = fc.array(fc.tuple(fc.nat(), unknown), { maxLength: 4 });
    fc.assert(
      fc.property(messages(schema, 4), places, fc.nat(3), fc.boolean(), (message, fields, offset, mayChangeBytes) => {
        const all = within(message);
        for (const [place, field] of fields) {
          const target = all[place % all.length];
          target.$unknown = [...(target.$unknown ?? []), field];
        }
        const bytes = toBinary(schema, message as never);
        expect(join(writeBinary(schema, message as never))).toEqual(bytes);
        const file = new Uint8Array(bytes.length + offset).subarray(offset);
        file.set(bytes);
        const read = readBinary(schema, file, "any", { mayChangeBytes });
        const again = join(writeBinary(schema, read));
        // Where BVLC has a uint32, a fork may have an int32: numbers from 2^31 on are negative then, and ten bytes long.
        if (!readDialectOf(read)) expect(again).toEqual(bytes);
        else expect(join(writeBinary(schema, readBinary(schema, again)))).toEqual(again);
      }),
      { numRuns: 150 },
    );
  },
);

test("a net with layers of all three ages goes from text to binary and back", () => {
  const nets = fc
    .tuple(...["layer", "layers"].map((name) => fc.array(layersOf(name), { minLength: 1, maxLength: 3 })))
    .map(([layer, layers]) => Object.assign(create(NetParameterSchema), { layer, layers }));
  fc.assert(
    fc.property(nets, (net) => {
      const bytes = toBinary(NetParameterSchema, net);
      const text = formatText(NetParameterSchema, net);
      const { message, issues } = parseText(NetParameterSchema, text);
      expect(issues).toEqual([]);
      expect(join(writeBinary(NetParameterSchema, message))).toEqual(bytes);
      const again = readBinary(NetParameterSchema, bytes);
      expect(join(writeBinary(NetParameterSchema, again))).toEqual(bytes);
    }),
    { numRuns: 150 },
  );
});

function layersOf(name: string): fc.Arbitrary<Message> {
  const field = NetParameterSchema.fields.find((each) => each.name === name);
  if (!field?.message) throw new Error(`no layers in ${name}`);
  return messages(field.message, 3);
}

/** Tags of nested messages and numbers, with arbitrary lengths. */
const pieces = fc.oneof(
  fc.constantFrom([0x12], [0x0a], [0xa2, 6], [0x92, 3], [0x3a], [0x2a], [0x32], [0x42], [0x4a], [0x2d], [0x41]),
  fc.constantFrom([0], [1], [2], [5], [0x7f], [0xff, 0xff, 0xff, 0xff, 0x07], [0x80, 0x80, 0x80, 0x80, 0x04]),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => [...bytes]),
);

test("for any lengths in a file, numbers take no more memory than the file has bytes, and reading is fast", () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), fc.boolean(), (some, mayChangeBytes) => {
      const bytes = Uint8Array.from(some.flat());
      const { ArrayBuffer: original } = globalThis;
      let allocated = 0;
      globalThis.ArrayBuffer = new Proxy(original, {
        construct(target, args) {
          allocated += Number(args[0]);
          return new target(args[0]);
        },
      });
      const arrays = (["Uint8Array", "Float32Array", "Float64Array", "Uint32Array"] as const).map((name) => {
        const whole = globalThis[name];
        globalThis[name] = new Proxy(whole, {
          construct(target, args) {
            if (typeof args[0] === "number") allocated += args[0] * target.BYTES_PER_ELEMENT;
            return Reflect.construct(target, args);
          },
        }) as never;
        return [name, whole] as const;
      });
      const start = performance.now();
      try {
        readBinary(NetParameterSchema, bytes, "any", { mayChangeBytes });
      } catch (error) {
        expect((error as { code?: string }).code).toBe("MOKA_PARSE");
      } finally {
        globalThis.ArrayBuffer = original;
        for (const [name, whole] of arrays) globalThis[name] = whole as never;
      }
      expect(allocated).toBeLessThanOrEqual(10 * bytes.length + 4096);
      expect(performance.now() - start).toBeLessThan(1000);
    }),
    { numRuns: 1000 },
  );
});
