// Numbers: the bytes by a script of a few lines, from the field numbers of SSD's caffe.proto and the wire format of protobuf.

import { describe, expect, it } from "vitest";
import { concat } from "../../util/bytes.js";
import { AnnotatedDatumSchema } from "../gen/caffe_pb.js";
import { readAnnotatedDatum, readBinary, writeAnnotatedDatum, writeBinary, writeDatum } from "./index.js";

const hex = (text: string) => Uint8Array.from(text.trim().split(/\s+/), (byte) => Number.parseInt(byte, 16));

/** The 1×1×2 bytes 9, 7 with label −1. */
const datum = { channels: 1, height: 1, width: 2, data: Uint8Array.of(9, 7), label: -1, encoded: false };

/** As C++ writes it: two objects of class 3, the second difficult, and one of class 300. */
const usual = hex(`
  0a 17 08 01 10 01 18 02 22 02 09 07 28 ff ff ff ff ff ff ff ff ff 01 38 00 10 00
  1a 3a 08 03 12 1a 08 00 12 16 0d 00 00 80 3e 15 00 00 00 3f 1d 00 00 40 3f 25 00 00 80 3f 30 00
  12 1a 08 01 12 16 0d 00 00 80 be 15 00 00 00 00 1d 00 00 00 3f 25 00 00 a0 3f 30 01
  1a 1f 08 ac 02 12 1a 08 00 12 16 0d 00 00 00 00 15 00 00 00 00 1d 00 00 00 3f 25 00 00 00 3f 30 00`);

const boxes = [
  { label: 3, instance: 0, xmin: 0.25, ymin: 0.5, xmax: 0.75, ymax: 1, difficult: false },
  { label: 3, instance: 1, xmin: -0.25, ymin: 0, xmax: 0.5, ymax: 1.25, difficult: true },
  { label: 300, instance: 0, xmin: 0, ymin: 0, xmax: 0.5, ymax: 0.5, difficult: false },
];

describe("AnnotatedDatum", () => {
  it("is read and written as C++ does", () => {
    expect(readAnnotatedDatum(usual)).toEqual({ datum, type: 0, boxes });
    expect(writeAnnotatedDatum({ datum, type: 0, boxes })).toEqual(usual);
  });

  it("is the same as the message of the schema", () => {
    const message = readBinary(AnnotatedDatumSchema, usual, "a record");
    expect(message.annotationGroup.map(({ groupLabel }) => groupLabel)).toEqual([3, 300]);
    expect(message.annotationGroup[0]?.annotation[1]?.bbox?.ymax).toBe(1.25);
    expect(concat(writeBinary(AnnotatedDatumSchema, message))).toEqual(usual);
  });

  it("is read with fields in another order, left out or unknown", () => {
    const other = hex(`
      1a 2b 12 27 12 23 1d 00 00 00 3f 0d 00 00 00 00 15 00 00 00 00 25 00 00 00 3f 28 04 3d 00 00 80 3f 45 00 00 80 3e
      4a 01 78 08 06 08 02 0a 17 08 01 10 01 18 02 22 02 09 07 28 ff ff ff ff ff ff ff ff ff 01 38 00`);
    expect(readAnnotatedDatum(other)).toEqual({
      datum,
      type: undefined,
      boxes: [{ label: 2, instance: 6, xmin: 0, ymin: 0, xmax: 0.5, ymax: 0.5, difficult: false }],
    });
  });

  it("boxes of a class that do not follow each other make one group", () => {
    const [a, b, c] = boxes as [(typeof boxes)[0], (typeof boxes)[0], (typeof boxes)[0]];
    expect(writeAnnotatedDatum({ datum, type: 0, boxes: [a, c, b] })).toEqual(usual);
  });

  it("refuses a plain Datum, and each part of a record that is cut off", () => {
    expect(() => readAnnotatedDatum(writeDatum(datum), "record 3")).toThrow(/record 3: .*plain Datum.*layer Data/);
    const whole = new Set([0, 25, 27, 87, usual.length]);
    for (let length = 0; length < usual.length; length++) {
      if (whole.has(length)) continue;
      expect(() => readAnnotatedDatum(usual.subarray(0, length)), `${length} bytes`).toThrow(/damaged/);
    }
  });
});
