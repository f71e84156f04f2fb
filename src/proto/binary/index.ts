export {
  type AnnotatedBox,
  type AnnotatedDatumValues,
  readAnnotatedDatum,
  writeAnnotatedDatum,
} from "./annotated-datum.js";
export { blobShape, blobValues, makeBlob, setBlobValues } from "./blob.js";
export { type DatumValues, readDatum, writeDatum } from "./datum.js";
export { readBinary, readBlobProto, readNet, readSolverState } from "./read.js";
export { writeBinary, writeBlobProto, writeNet, writeSolverState } from "./write.js";
