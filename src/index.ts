// The public API: all values, and every type that a public signature mentions.

export { connectMpi, createImages, type DecoderOptions } from "#platform";
export type { BatchOptions } from "./api/batch-nets.js";
export { type CalibrateOptions, type CalibrateReport, calibrate } from "./api/calibrate.js";
export { CertificateError, type CertifyOptions } from "./api/certify.js";
export { Classifier, type ClassifierInput, type ClassifierOptions } from "./api/classifier.js";
export { type DeployedNet, type DeployOptions, deploy } from "./api/deploy.js";
export { type Detection, Detector, type DetectorOptions, type Window } from "./api/detector.js";
export { type DoctorOptions, type DoctorReport, doctor, type SideScores } from "./api/doctor.js";
export { type DrawOptions, drawNet, drawNetToFile } from "./api/draw-net.js";
export type { RankOptions, RunOptions } from "./api/environment.js";
export {
  type ExportNetOptions,
  type ExportOnnxOptions,
  type ExportOnnxResult,
  exportOnnx,
} from "./api/export-onnx.js";
export { type FoldOptions, type FoldResult, fold } from "./api/fold.js";
export type { ImageInputOptions } from "./api/image-input.js";
export { type ImportOnnxOptions, type ImportOnnxResult, importOnnx } from "./api/import-onnx.js";
export { type FixResult, fix, type LintOptions, type LintResult, lint } from "./api/lint.js";
export { lintTraining } from "./api/lint-training.js";
export { Net, type NetOptions } from "./api/net.js";
export type { OnnxRuntimeOptions } from "./api/onnx-session.js";
export type { OriginalOptions } from "./api/original-net.js";
export type { FoldProof, ProofOptions } from "./api/prove-fold.js";
export type { NetSource, SolverSource, Text as PrototxtText } from "./api/read-text.js";
export { Solver, type SolverOptions } from "./api/solver.js";
export { type NetStats, type StatsOptions, stats } from "./api/stats.js";
export { summarize } from "./api/summary.js";
export type { Training, TrainingFinding } from "./api/training.js";
export { type MeanArray, Transformer } from "./api/transformer.js";
export { type LintLanguage, ruleSummaries, translateFinding } from "./api/translate-finding.js";
export { type UpgradedText, upgradeText } from "./api/upgrade-text.js";
export {
  type VerifiedFile,
  type VerifyOnnxOptions,
  type VerifyOnnxReport,
  verifyOnnx,
} from "./api/verify-onnx.js";
export type { Node as LayerNode } from "./core/backward-plan.js";
export type { Blob, BlobDescription } from "./core/blob.js";
export type { LayerConstructor } from "./core/catalog.js";
export type { AveragesOf, Communicator, Ranks, Reduction } from "./core/communicator.js";
export type { LayerDescription, NetDescription } from "./core/describe-net.js";
export type { Compiled, Engine } from "./core/engine.js";
export type { Direction, Execution } from "./core/execution.js";
export type { AllOptions, AllRows, Rows } from "./core/forward-all.js";
export type {
  Access as KernelAccess,
  Call as KernelCall,
  Extent as KernelExtent,
  Fused as FusedKernel,
  Kernel,
  Scratch as KernelScratch,
  SpanUse,
} from "./core/kernels/kernel.js";
export type {
  ArgumentsOf,
  FusedName,
  KernelName,
  Kernels,
  NamesOf,
  PlainName,
  Table as KernelTable,
} from "./core/kernels.js";
export type { KnownRanksOptions } from "./core/known-ranks.js";
export {
  type Arity,
  type BatchStatistics,
  Layer,
  type LayerContext,
  type OneOrMore,
  type ParamDeclaration,
  type Phase,
} from "./core/layer.js";
export type {
  ActivationKind,
  LayerFacts,
  LayerGroup,
  LayerUse,
  Need as LayerNeed,
  Rereads,
} from "./core/layer-facts.js";
export type { LayerRange, NetInTurn } from "./core/net.js";
export type { NetBase } from "./core/net-base.js";
export type { StateOptions } from "./core/net-state.js";
export type { Learnable } from "./core/params.js";
export type { GradientGroup } from "./core/passes/announce-gradients.js";
export type { Lifetime } from "./core/passes/pack.js";
export type { Plan as RunPlan } from "./core/passes/plan-draft.js";
export type { MemoryPlan, PlacedSpan } from "./core/passes/plan-memory.js";
export type { HostStep, KernelStep, Program, Step } from "./core/program.js";
export type { RankSum } from "./core/rank-sum.js";
export type { KernelCalls, Recorder } from "./core/recorder.js";
export type { FloatArray, Memory, Placement, Span, Storage } from "./core/span.js";
export type { Tensor, TensorState } from "./core/tensor.js";
export type { Backend } from "./data/database.js";
export type { DigitSetsOptions, DigitsFormat } from "./data/digits/index.js";
export {
  type Completion,
  type CompletionOptions,
  completionsAt,
  definitionsAt,
  foldsOf,
  formatPrototxt,
  type Hover,
  hoverAt,
  type Occurrence,
  type OutlineItem,
  occurrencesAt,
  outlineOf,
  renameAt,
  renameRangeAt,
  type SyntaxKind,
  type SyntaxToken,
  type Target,
  type TextRange,
  tokensOf,
} from "./language/index.js";
export { MemoryDataLayer } from "./layers/data/memory-data.js";
export { RoIDataLayer, type RoiImage } from "./layers/data/roi-data-layer.js";
export type { SourceLayer } from "./layers/data/source-layer.js";
export type { Computed, LiveLayer } from "./layers/detection/live-layer.js";
export type { ZeroGradientLayer } from "./layers/detection/zero-gradient.js";
export { RecurrentLayer } from "./layers/recurrent/recurrent.js";
export type {
  BackwardStep as RecurrentBackwardStep,
  State as RecurrentState,
  Step as RecurrentStep,
} from "./layers/recurrent/step.js";
export {
  changeFields,
  type FieldChange,
  type FieldQuery,
  type LayerChoice,
  readFields,
} from "./lint/change-fields.js";
export { applyEdits, type Edit as TextEdit } from "./lint/edits.js";
export type { Finding, FoundProblem, Level, Levels } from "./lint/lint.js";
export type { Fix, Severity } from "./lint/rule.js";
export type { BlobError, Difference as BlobDifference } from "./onnx/blob-error.js";
export type {
  Certificate,
  CertifiedBlob,
  CertifiedFile,
  CertifiedInput,
  CertifiedNote,
  CertifiedRun,
  CertifiedSettings,
  NoComparison,
  OnnxComparison,
  PartedBlob,
} from "./onnx/certificate.js";
export type { ExportSettings } from "./onnx/export/export-net.js";
export type { Dim as OnnxDim } from "./onnx/model.js";
export { createFiles, type FileContent, type MemoryFiles } from "./platform/memory-files.js";
export type { MpiCommunicator, MpiOptions, ReductionTimes } from "./platform/mpi-communicator.js";
export type { OnnxRuntimeModule, OnnxSessionOptions } from "./platform/onnx-runtime.js";
export type { FilesOptions } from "./platform/open-files.js";
export { type DatumValues, readBlobProto, readDatum, writeBlobProto, writeDatum } from "./proto/binary/index.js";
export type { ReadOptions } from "./proto/binary/read.js";
export { filler } from "./proto/filler.js";
// All messages of caffe.proto.
export type * from "./proto/gen/caffe_pb.js";
export type { Phase as PhaseNumber } from "./proto/gen/caffe_pb.js";
export type { Parsed, ParseOptions } from "./proto/text/index.js";
export { formatNet, formatSolver, parseNet, parseSolver, type TextIssue } from "./proto/text/index.js";
export type { TextIssueCode } from "./proto/text/issues.js";
export type { WeightSource, Weights } from "./proto/weight-sources.js";
export type { SolverEvent, SolverRunOptions } from "./solvers/run.js";
export type { SolverAction } from "./solvers/solver.js";
export type { Listener as SolverListener, SolverBase, SolverEvents } from "./solvers/solver-base.js";
export {
  arrayListToBlobProtoVector,
  arrayToBlobProto,
  arrayToDatum,
  blobProtoToArray,
  blobProtoVectorToArrayList,
  datumToArray,
} from "./tools/array-proto.js";
export { loadArray, loadArrays, loadMean } from "./tools/arrays.js";

export type { Comparison as StatisticsComparison, LayerGap } from "./tools/batch-norm/compare.js";
export type { Distribution } from "./tools/batch-norm/distribution.js";
export type { FactorReading } from "./tools/batch-norm/factor.js";
export type { FirstBad } from "./tools/batch-norm/first-bad.js";
export type {
  BatchNormStats,
  ChannelValues,
  FlaggedChannel,
} from "./tools/batch-norm/layer-stats.js";
export type { Scores } from "./tools/batch-norm/outputs.js";
export type { StatisticsMethod, StatisticsMove } from "./tools/batch-norm/recompute.js";
export {
  type WatchedBatchNorm,
  type WatchedValues,
  type WatchOptions,
  watchBatchNorm,
} from "./tools/batch-norm/watch.js";
export { computeImageMean, type ImageMean, type ImageMeanOptions } from "./tools/compute-image-mean.js";
export { type CifarDatabase, convertCifarData } from "./tools/convert-cifar-data.js";
export { type ConvertImagesetOptions, convertImageset } from "./tools/convert-imageset.js";
export { type ConvertMnistDataOptions, convertMnistData } from "./tools/convert-mnist-data.js";
export { type ConvertMnistSiameseDataOptions, convertMnistSiameseData } from "./tools/convert-mnist-siamese-data.js";
export { type CoordMap, coordMapFromTo, crop } from "./tools/coord-map.js";
export {
  type ComparedBlob,
  compareWeights,
  type DescribedBlob,
  type DescribedLayer,
  type DescribedWeights,
  describeWeights,
  weightValues,
} from "./tools/describe-weights.js";
export type { Cause, CauseKind, Verdict } from "./tools/doctor/cause.js";
export type { DrawLayersOptions, RankDir } from "./tools/draw/index.js";
export { type ExtractFeaturesOptions, extractFeatures } from "./tools/extract-features.js";
export type { Comparison as FoldComparison, LayerComparison, OutputComparison } from "./tools/fold/compare.js";
export type { Bound as FoldBound } from "./tools/fold/fold-linear.js";
export type { FoldedLayer, FoldedNet, FoldTarget, KeptLayer, NetSize } from "./tools/fold/index.js";
export { type LoadImageOptions, loadImage, oversample, type ResizeOptions, resizeImage } from "./tools/image-array.js";
/** The types behind `L` and `P`. */
export type * as LayerTypes from "./tools/layer-params.js";
export { layerTypes } from "./tools/layer-types.js";
export type { Call as LayerCall, Layers, TopList } from "./tools/net-spec.js";
export { type CallOptions, L, type LayerFunction, NetSpec, P, Top, toProto } from "./tools/net-spec.js";
export type { FileOptions } from "./tools/options.js";
export { formatLogTable, type LogRow, linesOf, parseLog, type TrainingLog } from "./tools/parse-log.js";
export type { Peak } from "./tools/peak.js";
export { plotLog } from "./tools/plot-log.js";
export type { BlobSummary, LayerSummary, NetSummary, ParamSummary, Peaks, SummaryOptions } from "./tools/summary.js";
export { type LayerTimes, type TimeLayersOptions, timeLayers } from "./tools/time-layers.js";
export { type WriteDigitsOptions, writeDigits } from "./tools/write-digits.js";
export type { ErrorContext, ErrorFinding } from "./util/errors.js";
export { type ErrorCode, MokaError, type Place } from "./util/errors.js";
export type { ByteSource, FileSource, Files } from "./util/files.js";
export type { DecodeOptions, EncodeOptions, Image, ImageFormat, Images } from "./util/images.js";
export type { Log, LogSeverity } from "./util/log.js";
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
export type { Random, RandomState } from "./util/random.js";
export type { ResourceOwner } from "./util/resource-owner.js";
export type { Shape } from "./util/shape.js";
export type { WorkOptions, WorkProgress } from "./util/work.js";
export { version } from "./version.js";
