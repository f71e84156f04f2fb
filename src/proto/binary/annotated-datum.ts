import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { MokaError, reasonOf } from "../../util/errors.js";
import { type DatumValues, readDatum, writeDatum } from "./datum.js";

/** An object in an image: its class, and its box in units of the image, from 0 to 1. */
export interface AnnotatedBox {
  /** The class; 0 is background. */
  readonly label: number;
  /** Its number among the objects of its class in the image. Default 0. */
  readonly instance: number;
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
  /** Whether it is hard to recognize, so that a detector that misses it is not blamed. */
  readonly difficult: boolean;
}

/** One record of SSD's databases: an image, and the boxes of the objects in it. */
export interface AnnotatedDatumValues {
  readonly datum: DatumValues;
  /** 0: the annotations are boxes. Undefined if it has none: then the datum's label is the label. */
  readonly type: number | undefined;
  /** The boxes class by class, in the order of the record. */
  readonly boxes: readonly AnnotatedBox[];
}

/**
 * Reads an AnnotatedDatum. The image's `data` is a view of `bytes`.
 *
 * @param what names the record in an error
 * @throws MokaError MOKA_PARSE with the offset of the damaged byte
 */
export function readAnnotatedDatum(bytes: Uint8Array, what = "annotated datum"): AnnotatedDatumValues {
  const reader = new BinaryReader(bytes);
  const boxes: AnnotatedBox[] = [];
  let datum: Uint8Array | undefined;
  let type: number | undefined;
  let at = 0;
  try {
    while (reader.pos < bytes.length) {
      at = reader.pos;
      const [no, wireType] = reader.tag();
      if (no === 1 && wireType === WireType.LengthDelimited) datum = reader.bytes();
      else if (no === 1) throw new RangeError("it is a plain Datum, without annotations: layer Data reads it");
      else if (no === 2 && wireType === WireType.Varint) type = reader.int32();
      else if (no === 3 && wireType === WireType.LengthDelimited) readGroup(reader.bytes(), boxes);
      else reader.skip(wireType, no);
    }
  } catch (error) {
    throw new MokaError("MOKA_PARSE", `${what}: damaged at byte ${at}: ${reasonOf(error)}`, { cause: error });
  }
  return { datum: readDatum(datum ?? bytes.subarray(0, 0), what), type, boxes };
}

/** The bytes of an AnnotatedDatum, as C++ writes them. Boxes of one class make one group, in the order of its first. */
export function writeAnnotatedDatum({ datum, type, boxes }: AnnotatedDatumValues): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).bytes(writeDatum(datum));
  if (type !== undefined) writer.tag(2, WireType.Varint).int32(type);
  const groups = new Map<number, AnnotatedBox[]>();
  for (const box of boxes) {
    const group = groups.get(box.label);
    if (group) group.push(box);
    else groups.set(box.label, [box]);
  }
  for (const [label, group] of groups) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int32(label);
    for (const box of group) writeBox(writer, box);
    writer.join();
  }
  return writer.finish();
}

function writeBox(writer: BinaryWriter, box: AnnotatedBox): void {
  writer.tag(2, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int32(box.instance);
  writer.tag(2, WireType.LengthDelimited).fork();
  for (const [i, edge] of [box.xmin, box.ymin, box.xmax, box.ymax].entries()) {
    writer.tag(i + 1, WireType.Bit32).float(edge);
  }
  writer.tag(6, WireType.Varint).bool(box.difficult);
  writer.join().join();
}

/** Adds the boxes of an AnnotationGroup. Its label may stand behind them. */
function readGroup(bytes: Uint8Array, boxes: AnnotatedBox[]): void {
  const reader = new BinaryReader(bytes);
  const annotations: Uint8Array[] = [];
  let label = 0;
  while (reader.pos < bytes.length) {
    const [no, wireType] = reader.tag();
    if (no === 1 && wireType === WireType.Varint) label = reader.int32();
    else if (no === 2 && wireType === WireType.LengthDelimited) annotations.push(reader.bytes());
    else reader.skip(wireType, no);
  }
  for (const annotation of annotations) boxes.push(readAnnotation(annotation, label));
}

function readAnnotation(bytes: Uint8Array, label: number): AnnotatedBox {
  const reader = new BinaryReader(bytes);
  let instance = 0;
  let box = bytes.subarray(0, 0);
  while (reader.pos < bytes.length) {
    const [no, wireType] = reader.tag();
    if (no === 1 && wireType === WireType.Varint) instance = reader.int32();
    else if (no === 2 && wireType === WireType.LengthDelimited) box = reader.bytes();
    else reader.skip(wireType, no);
  }
  return { label, instance, ...readBox(box) };
}

function readBox(bytes: Uint8Array): Omit<AnnotatedBox, "label" | "instance"> {
  const reader = new BinaryReader(bytes);
  const edges = [0, 0, 0, 0];
  let difficult = false;
  while (reader.pos < bytes.length) {
    const [no, wireType] = reader.tag();
    if (no >= 1 && no <= 4 && wireType === WireType.Bit32) edges[no - 1] = reader.float();
    else if (no === 6 && wireType === WireType.Varint) difficult = reader.bool();
    else reader.skip(wireType, no);
  }
  const [xmin = 0, ymin = 0, xmax = 0, ymax = 0] = edges;
  return { xmin, ymin, xmax, ymax, difficult };
}
