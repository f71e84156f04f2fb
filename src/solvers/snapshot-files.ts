import { SolverParameter_SnapshotFormat as SnapshotFormat, type SolverParameter } from "../proto/gen/caffe_pb.js";
import type { SolverContext } from "./context.js";
import { runStateFile } from "./run-state.js";

/** The files of one snapshot. */
export interface SnapshotNames {
  readonly model: string;
  readonly state: string;
  /** The state of the run that Caffe does not store. */
  readonly run: string;
}

type SnapshotContext = Pick<SolverContext, "files" | "log" | "modifiedAt">;

/** The files of a solver's snapshots: their names, and whether they can be written. */
export class SnapshotFiles {
  readonly #param: SolverParameter;
  readonly #context: SnapshotContext;
  readonly #start = Date.now();
  readonly #written = new Set<string>();
  #hasWarned = false;

  constructor(param: SolverParameter, context: SnapshotContext) {
    this.#param = param;
    this.#context = context;
  }

  /** Whether the run takes snapshots without being asked. */
  get areWanted(): boolean {
    return this.#param.snapshot > 0 || this.#param.snapshotAfterTrain;
  }

  /** `<snapshot_prefix>_iter_<n>.caffemodel`, …; in HDF5 `.h5` follows. */
  names(iter: number): SnapshotNames {
    const end = this.#param.snapshotFormat === SnapshotFormat.HDF5 ? ".h5" : "";
    const name = `${this.#param.snapshotPrefix}_iter_${iter}`;
    const state = `${name}.solverstate${end}`;
    return { model: `${name}.caffemodel${end}`, state, run: runStateFile(state) };
  }

  /**
   * Checks that the snapshots after iteration `from`, up to `to`, replace no read-only file.
   *
   * @throws MokaError `MOKA_FILE` for the first one that is read-only
   */
  async check(from: number, to: number): Promise<void> {
    const { snapshot, snapshotAfterTrain, maxIter } = this.#param;
    const isLast = (iter: number) => snapshotAfterTrain && iter === maxIter;
    const isDue = (iter: number) => (snapshot > 0 && iter % snapshot === 0) || isLast(iter);
    // Most calls of a loop of single steps end here.
    if (!isLast(to) && !(snapshot > 0 && Math.floor(to / snapshot) > Math.floor(from / snapshot))) return;
    const { files } = this.#context;
    const { folder, base } = this.#place();
    if (!(await files.isFolder(folder))) return; // it is made again
    for (const name of await files.list(folder)) {
      const iter = name.startsWith(`${base}_iter_`) ? Number.parseInt(name.slice(base.length + 6), 10) : Number.NaN;
      if (!(iter > from && iter <= to && isDue(iter))) continue;
      const path = this.#param.snapshotPrefix.slice(0, -base.length || undefined) + name;
      if (Object.values(this.names(iter)).includes(path)) await files.probe(path, { readOnly: true });
    }
  }

  /** The last snapshot that is whole: its solver state, which is written last, and its weights are there. */
  async last(): Promise<{ readonly iter: number; readonly state: string } | undefined> {
    const { files } = this.#context;
    const { folder, base } = this.#place();
    if (!(await files.isFolder(folder))) return undefined;
    const found = (await files.list(folder)).flatMap((name) => {
      const [, digits] = (name.startsWith(base) && /^_iter_(\d+)\.solverstate/.exec(name.slice(base.length))) || [];
      return digits === undefined ? [] : [Number(digits)];
    });
    for (const iter of found.sort((a, b) => b - a)) {
      const { state, model } = this.names(iter);
      if ((await files.exists(state)) && (await files.exists(model))) return { iter, state };
    }
    return undefined;
  }

  /** Makes the folder again if it was removed during the run, and warns of another run that writes the same files. */
  async prepare(iter: number): Promise<void> {
    const { files, log } = this.#context;
    const { folder } = this.#place();
    if (this.areWanted && !files.readOnly && !(await files.isFolder(folder))) {
      log("warning", "moka:0", `The folder ${folder} of the snapshots is gone: it is made again`);
      await files.makeFolder(folder);
    }
    const { state } = this.names(iter);
    const written = (await this.#context.modifiedAt(state)) ?? 0;
    if (written > this.#start && !this.#written.has(state) && !this.#hasWarned) {
      this.#hasWarned = true;
      log(
        "warning",
        "moka:0",
        `${state} is new, but not of this run: does another one write snapshots with the same prefix? Each file is whole, but of ` +
          "the run that wrote it last; give each run a prefix of its own",
      );
    }
    this.#written.add(state);
  }

  /** The folder of the snapshots, and how their names begin there. */
  #place(): { folder: string; base: string } {
    const prefix = this.#param.snapshotPrefix;
    const end = Math.max(prefix.lastIndexOf("/"), prefix.lastIndexOf("\\"));
    return { folder: end < 0 ? "." : prefix.slice(0, end) || "/", base: prefix.slice(end + 1) };
  }
}
