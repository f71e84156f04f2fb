import { create } from "@bufbuild/protobuf";
import {
  type NetParameter,
  NetParameterSchema,
  type SolverParameter,
  SolverParameterSchema,
} from "../proto/gen/caffe_pb.js";
import type { FileNode } from "../proto/text/tree.js";
import { upgradeSolver } from "../proto/upgrade/solver.js";
import { testNetsOf, trainNetOf } from "../solvers/solver-nets.js";
import { MokaError } from "../util/errors.js";
import { silent } from "../util/log.js";
import { Editor } from "./edits.js";
import type { LintNet } from "./net.js";
import { type LintContext, lookAt } from "./read-net.js";
import type { Source } from "./source.js";

/** Whether a text is a solver's: more of what stands in it is known there than in a net. */
export function isSolver(source: Source): boolean {
  return source.unknownIn(SolverParameterSchema) < source.unknownIn(NetParameterSchema);
}

/** A solver as far as it can be read, and what is against it. */
export interface ReadSolver {
  readonly message: SolverParameter;
  readonly failures: readonly MokaError[];
}

/** Reads a solver and brings it up to today's form; whatever the text is, there is a message. */
export function readSolver(source: Source): ReadSolver {
  const { message } = source.message(SolverParameterSchema);
  const failures: MokaError[] = [];
  const upgrade = () => upgradeSolver(message, source.file ?? "<text>", silent);
  const findNets = () => [trainNetOf(message), testNetsOf(message)];
  for (const step of [upgrade, findNets]) {
    try {
      step();
    } catch (error) {
      if (!(error instanceof MokaError)) throw error;
      failures.push(error);
    }
  }
  return { message, failures };
}

/** The files of the nets that a solver names, as it names them, each once. */
export function netFilesOf({ net, trainNet, testNet }: SolverParameter): readonly string[] {
  return [...new Set([net, trainNet, ...testNet])].filter((name) => name !== "");
}

/**
 * Reads a solver's text into what rules see of nets: first a net without layers that has the text and what the reader
 * had to say of it, then the nets that stand in it.
 */
export async function readLintSolver(source: Source, context: LintContext): Promise<[LintNet, ...LintNet[]]> {
  const { text, tree, file } = source;
  const { message: written, issues } = source.message(SolverParameterSchema);
  const { message: solver, failures } = readSolver(source);
  const whole: LintNet = {
    ...{ file, text, tree, issues, failures, solver },
    written: create(NetParameterSchema),
    message: create(NetParameterSchema),
    kind: "fragment",
    layers: [],
    views: [],
    edit: new Editor(text),
    weights: undefined,
    types: context.catalog.types,
  };
  const trees = innerTrees(tree);
  const asWritten = innerNets(written);
  const inner: LintNet[] = [];
  for (const [name, nets] of innerNets(solver)) {
    for (const [index, message] of nets.entries()) {
      const [own, before] = [trees.get(name)?.[index], asWritten.get(name)?.[index]];
      if (!own || !before) continue;
      const read = { text, tree: own, issues: [], written: before, message };
      inner.push(await lookAt(read, file, { ...context, solver }));
    }
  }
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

/** What stands between the braces of each net within a solver, as if it were a file of its own. */
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
