export type { DecoderOptions } from "../images/pixels.js";
export type { MpiCommunicator, MpiOptions, ReductionTimes } from "../mpi-communicator.js";
export { createFiles } from "./files.js";
export { createImages } from "./images.js";
export { modifiedAt } from "./modified-at.js";
export { connectMpi } from "./mpi.js";
export { loadOnnxRuntime } from "./onnx-runtime.js";
export { portToParent } from "./parent.js";
