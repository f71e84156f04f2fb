export { Net, type NetOptions } from "./api/net.js";
export { Solver, type SolverOptions } from "./api/solver.js";
export type { Blob } from "./core/blob.js";
export type { Layer } from "./core/layer.js";
export { MemoryDataLayer } from "./layers/data/memory-data.js";
export { formatNet, parseNet, parseSolver, type TextIssue } from "./proto/text/index.js";
export type { SolverAction, SolverEvents } from "./solvers/solver.js";
export { type ErrorCode, MokaError, type Place } from "./util/errors.js";
export { version } from "./version.js";
