import type { Finding } from "../lint/lint.js";
import { normalPath } from "../util/paths.js";
import type { LintResult } from "./lint.js";

interface Surroundings {
  /** Whether there is a file. */
  readonly exists: (path: string) => boolean | Promise<boolean>;
  /** Is called for a net that a solver names and that is not there. */
  readonly onMissing?: (solver: string, net: string) => void;
}

/**
 * Calls `work` once for each file and for each net that a solver among them names. Such a net is looked at with its
 * solver. What is found in two nets of a solver is in the results once.
 *
 * @param work lints or repairs a file, with its solver if it is a net of one; undefined for a file that gives no result
 * @returns the results by path, in the order in which the files are first named
 */
export async function withNets<Result extends Pick<LintResult, "nets"> & { readonly findings: readonly Finding[] }>(
  paths: readonly string[],
  work: (path: string, solver: string | undefined) => Promise<Result | undefined>,
  { exists, onMissing }: Surroundings,
): Promise<ReadonlyMap<string, Result>> {
  const results = new Map<string, Result | undefined>();
  const withSolver = new Set<string>();
  for (const path of paths.map(normalPath)) {
    if (results.has(path)) continue;
    const result = await work(path, undefined);
    results.set(path, result);
    for (const net of result?.nets.map(normalPath) ?? []) {
      if (withSolver.has(net)) continue;
      if (!(await exists(net))) {
        onMissing?.(path, net);
        continue;
      }
      withSolver.add(net);
      results.set(net, await work(net, path));
    }
  }
  const done = new Map([...results].flatMap(([path, result]) => (result ? [[path, result] as const] : [])));
  const isElsewhere = ({ elsewhere }: Finding) => elsewhere !== undefined && done.has(normalPath(elsewhere));
  const once = (result: Result) => ({ ...result, findings: result.findings.filter((each) => !isElsewhere(each)) });
  return new Map([...done].map(([path, result]) => [path, once(result)]));
}
