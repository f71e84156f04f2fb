/** `moka-caffe/worker`: nets and solvers in a worker, with the methods that they have here, so that a page stays responsive. */
import { sharedWorker, type WorkerFunctions, type WorkerMoka } from "./api/remote/connect.js";
import type { Net as WorkerNet } from "./api/remote/net.js";
import type { Solver as WorkerSolver } from "./api/remote/solver.js";

export {
  connect,
  terminate,
  type WorkerFunctions,
  type WorkerMoka,
  type WorkerNetOptions,
  type WorkerSolverOptions,
} from "./api/remote/connect.js";
export type { Blob } from "./api/remote/net.js";
export type { Port } from "./api/remote/port.js";
export type { BlobPart, ForwardOptions, LayerFacts, SolverState, TransferOptions } from "./api/remote/protocol.js";
export { applyEdits } from "./lint/edits.js";
export { createFiles, type MemoryFiles } from "./platform/memory-files.js";
export { MokaError } from "./util/errors.js";

/** A net in a worker; see `Net.load`. */
export type Net = WorkerNet;
/** A solver in a worker; see `Solver.load`. */
export type Solver = WorkerSolver;

/** Reads a net and builds it in the worker; as `Net.load` here. */
export const Net: WorkerMoka["Net"] = { load: (...args) => sharedWorker().Net.load(...args) };
/** Reads a solver and builds its nets in the worker; as `Solver.load` here. */
export const Solver: WorkerMoka["Solver"] = { load: (...args) => sharedWorker().Solver.load(...args) };

export const calibrate: WorkerFunctions["calibrate"] = (...args) => sharedWorker().calibrate(...args);
export const changeFields: WorkerFunctions["changeFields"] = (...args) => sharedWorker().changeFields(...args);
export const compareWeights: WorkerFunctions["compareWeights"] = (...args) => sharedWorker().compareWeights(...args);
export const computeImageMean: WorkerFunctions["computeImageMean"] = (...args) =>
  sharedWorker().computeImageMean(...args);
export const convertCifarData: WorkerFunctions["convertCifarData"] = (...args) =>
  sharedWorker().convertCifarData(...args);
export const convertImageset: WorkerFunctions["convertImageset"] = (...args) => sharedWorker().convertImageset(...args);
export const convertMnistData: WorkerFunctions["convertMnistData"] = (...args) =>
  sharedWorker().convertMnistData(...args);
export const convertMnistSiameseData: WorkerFunctions["convertMnistSiameseData"] = (...args) =>
  sharedWorker().convertMnistSiameseData(...args);
export const describeWeights: WorkerFunctions["describeWeights"] = (...args) => sharedWorker().describeWeights(...args);
export const doctor: WorkerFunctions["doctor"] = (...args) => sharedWorker().doctor(...args);
export const drawNet: WorkerFunctions["drawNet"] = (...args) => sharedWorker().drawNet(...args);
export const exportOnnx: WorkerFunctions["exportOnnx"] = (...args) => sharedWorker().exportOnnx(...args);
export const fix: WorkerFunctions["fix"] = (...args) => sharedWorker().fix(...args);
export const fold: WorkerFunctions["fold"] = (...args) => sharedWorker().fold(...args);
export const lint: WorkerFunctions["lint"] = (...args) => sharedWorker().lint(...args);
export const loadArray: WorkerFunctions["loadArray"] = (...args) => sharedWorker().loadArray(...args);
export const loadArrays: WorkerFunctions["loadArrays"] = (...args) => sharedWorker().loadArrays(...args);
export const loadImage: WorkerFunctions["loadImage"] = (...args) => sharedWorker().loadImage(...args);
export const loadMean: WorkerFunctions["loadMean"] = (...args) => sharedWorker().loadMean(...args);
export const parseLog: WorkerFunctions["parseLog"] = (...args) => sharedWorker().parseLog(...args);
export const plotLog: WorkerFunctions["plotLog"] = (...args) => sharedWorker().plotLog(...args);
export const readFields: WorkerFunctions["readFields"] = (...args) => sharedWorker().readFields(...args);
export const stats: WorkerFunctions["stats"] = (...args) => sharedWorker().stats(...args);
export const summarize: WorkerFunctions["summarize"] = (...args) => sharedWorker().summarize(...args);
export const upgradeText: WorkerFunctions["upgradeText"] = (...args) => sharedWorker().upgradeText(...args);
export const weightValues: WorkerFunctions["weightValues"] = (...args) => sharedWorker().weightValues(...args);
export const writeDigits: WorkerFunctions["writeDigits"] = (...args) => sharedWorker().writeDigits(...args);
export const completionsAt: WorkerFunctions["completionsAt"] = (...args) => sharedWorker().completionsAt(...args);
export const definitionsAt: WorkerFunctions["definitionsAt"] = (...args) => sharedWorker().definitionsAt(...args);
export const foldsOf: WorkerFunctions["foldsOf"] = (...args) => sharedWorker().foldsOf(...args);
export const formatPrototxt: WorkerFunctions["formatPrototxt"] = (...args) => sharedWorker().formatPrototxt(...args);
export const hoverAt: WorkerFunctions["hoverAt"] = (...args) => sharedWorker().hoverAt(...args);
export const occurrencesAt: WorkerFunctions["occurrencesAt"] = (...args) => sharedWorker().occurrencesAt(...args);
export const outlineOf: WorkerFunctions["outlineOf"] = (...args) => sharedWorker().outlineOf(...args);
export const renameAt: WorkerFunctions["renameAt"] = (...args) => sharedWorker().renameAt(...args);
export const renameRangeAt: WorkerFunctions["renameRangeAt"] = (...args) => sharedWorker().renameRangeAt(...args);
export const tokensOf: WorkerFunctions["tokensOf"] = (...args) => sharedWorker().tokensOf(...args);
export const ruleSummaries: WorkerFunctions["ruleSummaries"] = (...args) => sharedWorker().ruleSummaries(...args);
export const translateFinding: WorkerFunctions["translateFinding"] = (...args) =>
  sharedWorker().translateFinding(...args);
