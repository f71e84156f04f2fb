import { create } from "@bufbuild/protobuf";
import { knownAlone } from "../core/known-ranks.js";
import {
  type NetParameter,
  NetParameterSchema,
  type SolverParameter,
  SolverParameterSchema,
} from "../proto/gen/caffe_pb.js";
import type { FileNode } from "../proto/text/tree.js";
import { upgradeSolverType } from "../proto/upgrade/solver.js";
import { problemsOf } from "../solvers/checks.js";
import { MokaError } from "../util/errors.js";
import { silent } from "../util/log.js";
import { Editor } from "./edits.js";
import { forkFields } from "./forks.js";
import type { LintNet } from "./net.js";
import { type LintContext, lookAt } from "./read-net.js";
import type { Source } from "./source.js";

/** Whether a text is a solver: fewer of its fields are unknown there than in a net. */
export function isSolver(source: Source): boolean {
  return source.unknownIn(SolverParameterSchema) < source.unknownIn(NetParameterSchema);
}

/** A solver as far as it can be read, and the errors. */
export interface ReadSolver {
  readonly message: SolverParameter;
  readonly failures: readonly MokaError[];
}

/** Reads a solver and upgrades it to the current form; any text gives a message. */
export function readSolver(source: Source): ReadSolver {
  const { message } = source.message(SolverParameterSchema);
  const failures: MokaError[] = [];
  try {
    upgradeSolverType(message, source.file ?? "<text>", silent);
  } catch (error) {
    if (!(error instanceof MokaError)) throw error;
    failures.push(error);
  }
  return { message, failures };
}

/**
 * Reads a solver's text into nets for the rules: first a net without layers that holds the text, its issues and its
 * errors, then the nets within the text.
 */
export async function readLintSolver(source: Source, context: LintContext): Promise<[LintNet, ...LintNet[]]> {
  const { text, tree, file, mixed } = source;
  const { message: written, issues } = source.message(SolverParameterSchema);
  const { message: solver, failures } = readSolver(source);
  const trees = innerTrees(tree);
  const asWritten = innerNets(written);
  const inner: LintNet[] = [];
  for (const [name, nets] of innerNets(solver)) {
    for (const [index, message] of nets.entries()) {
      const [own, before] = [trees.get(name)?.[index], asWritten.get(name)?.[index]];
      if (!own || !before) continue;
      const read = { text, tree: own, mixed: [], issues: [], written: before, message };
      inner.push(await lookAt(read, file, { ...context, solver }));
    }
  }
  // The issues are those of the whole text; bn-fork-fields reports a fork's fields at the layers, which the nets have.
  const places = inner.map((net) => forkFields(net).places);
  const own = issues.filter(({ line, column }) => !places.some((each) => each.has(`${line}:${column}`)));
  const whole: LintNet = {
    ...{ file, text, tree, mixed, issues: own, failures, solver },
    solverProblems: await problemsOf(solver, context.files),
    written: create(NetParameterSchema),
    message: create(NetParameterSchema),
    kind: "fragment",
    layers: [],
    views: [],
    otherNets: [],
    edit: new Editor(text),
    weights: undefined,
    ranks: context.knownRanks ?? knownAlone,
    types: context.catalog.types,
  };
  return [whole, ...inner];
}

function innerNets(solver: SolverParameter): ReadonlyMap<string, readonly NetParameter[]> {
  const { netParam, trainNetParam, testNetParam } = solver;
  return new Map([
    ["net_param", netParam ? [netParam] : []],
    ["train_net_param", trainNetParam ? [trainNetParam] : []],
    ["test_net_param", testNetParam],
  ]);
}

/** The fields of each net within a solver, as trees of files. */
function innerTrees(tree: FileNode): ReadonlyMap<string, readonly FileNode[]> {
  const trees = new Map<string, FileNode[]>();
  for (const { name, value } of tree.fields) {
    if (value?.kind !== "message") continue;
    const { fields, dangling } = value;
    const own: FileNode = { kind: "file", text: tree.text, fields, dangling, comments: tree.comments };
    trees.set(name, [...(trees.get(name) ?? []), own]);
  }
  return trees;
}
