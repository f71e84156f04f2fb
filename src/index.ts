export { type CalibrateOptions, type CalibrateReport, calibrate } from "./api/calibrate.js";
export { Classifier, type ClassifierOptions } from "./api/classifier.js";
export { type Detection, Detector, type DetectorOptions, type Window } from "./api/detector.js";
export { type DoctorOptions, type DoctorReport, doctor } from "./api/doctor.js";
export { type DrawOptions, drawNet, drawNetToFile } from "./api/draw-net.js";
export { type FoldOptions, type FoldResult, fold } from "./api/fold.js";
export type { ImageInputOptions } from "./api/image-input.js";
export { type FixResult, fix, type LintOptions, type LintResult, lint } from "./api/lint.js";
export { Net, type NetOptions } from "./api/net.js";
export type { FoldProof } from "./api/prove-fold.js";
export { Solver, type SolverOptions } from "./api/solver.js";
export { type NetStats, type StatsOptions, stats } from "./api/stats.js";
export { summarize } from "./api/summary.js";
export { type MeanArray, Transformer } from "./api/transformer.js";
export type { Blob, BlobSummary } from "./core/blob.js";
export type { LayerConstructor } from "./core/catalog.js";
export type { LayerDescription, NetDescription } from "./core/describe-net.js";
export type { AllOptions, AllRows, Rows } from "./core/forward-all.js";
export {
  type Arity,
  Layer,
  type LayerContext,
  type OneOrMore,
  type ParamDeclaration,
  type Phase,
} from "./core/layer.js";
export type { Recorder } from "./core/recorder.js";
export type { FloatArray, Span } from "./core/span.js";
export type { Tensor } from "./core/tensor.js";
export { MemoryDataLayer } from "./layers/data/memory-data.js";
export { RecurrentLayer } from "./layers/recurrent/recurrent.js";
export type { Finding, FoundProblem, Level, Levels } from "./lint/lint.js";
export { type DatumValues, readBlobProto, readDatum, writeBlobProto, writeDatum } from "./proto/binary/index.js";
export { filler } from "./proto/filler.js";
export type { BlobProto, LayerParameter } from "./proto/gen/caffe_pb.js";
export { formatNet, parseNet, parseSolver, type TextIssue } from "./proto/text/index.js";
export type { SolverAction, SolverEvents } from "./solvers/solver.js";
export {
  arrayListToBlobProtoVector,
  arrayToBlobProto,
  arrayToDatum,
  blobProtoToArray,
  blobProtoVectorToArrayList,
  datumToArray,
} from "./tools/array-proto.js";
export type { Cause } from "./tools/batch-norm/causes.js";
export type {
  BatchNormStats,
  ChannelValues,
  FlaggedChannel,
} from "./tools/batch-norm/layer-stats.js";
export { computeImageMean, type ImageMean, type ImageMeanOptions } from "./tools/compute-image-mean.js";
export { type ConvertImagesetOptions, convertImageset } from "./tools/convert-imageset.js";
export { type CoordMap, coordMapFromTo, crop } from "./tools/coord-map.js";
export type { DrawLayersOptions, RankDir } from "./tools/draw/index.js";
export { type ExtractFeaturesOptions, extractFeatures } from "./tools/extract-features.js";
export type { LayerComparison, OutputComparison } from "./tools/fold/compare.js";
export type { FoldedLayer, FoldTarget, KeptLayer, NetSize } from "./tools/fold/index.js";
export { type LoadImageOptions, loadImage, oversample, type ResizeOptions, resizeImage } from "./tools/image-array.js";
export { layerTypes } from "./tools/layer-types.js";
export { type CallOptions, L, type LayerFunction, NetSpec, P, Top, toProto } from "./tools/net-spec.js";
export { formatLogTable, type LogRow, linesOf, parseLog, type TrainingLog } from "./tools/parse-log.js";
export type { Peak } from "./tools/peak.js";
export { plotLog } from "./tools/plot-log.js";
export type { LayerSummary, NetSummary, Peaks, SummaryOptions } from "./tools/summary.js";
export { type ErrorCode, MokaError, type Place } from "./util/errors.js";
export {
  type ArrayOf,
  type AxisSlice,
  argmax,
  max,
  mean,
  min,
  type NdArray,
  type Nested,
  reshape,
  slice,
  type TypedArray,
  toNested,
  topIndices,
  transposed,
  type Values,
} from "./util/nd-array.js";
export type { Shape } from "./util/shape.js";
export { version } from "./version.js";
