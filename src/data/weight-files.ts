import { create } from "@bufbuild/protobuf";
import { readNet, readSolverState, writeNet, writeSolverState } from "../proto/binary/index.js";
import { type NetParameter, NetParameterSchema, type SolverState } from "../proto/gen/caffe_pb.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import {
  isWeightMessage,
  nameOfWeights,
  type WeightSource,
  type Weights,
  weightSources,
} from "../proto/weight-sources.js";
import { type Files, isPath, readSource } from "../util/files.js";
import type { Log } from "../util/log.js";
import { isHdf5 } from "./hdf5.js";
import { netFromHdf5, netToHdf5, solverStateFromHdf5, solverStateToHdf5 } from "./hdf5-weights.js";

/** Weight files, binary proto or HDF5: the first bytes tell the format to read, the extension the format to write. */
export class WeightFileStore {
  readonly #files: Files;
  readonly #log: Log;

  constructor(files: Files, log: Log) {
    this.#files = files;
    this.#log = log;
  }

  /** Reads one file; a message is upgraded in place if it has an older form. Given bytes do not change. */
  async read(source: WeightSource): Promise<NetParameter> {
    const name = nameOfWeights(source);
    if (isWeightMessage(source)) return upgradeNet(source, name, this.#log);
    const bytes = await readSource(this.#files, source);
    if (isHdf5(bytes)) return netFromHdf5(bytes, name);
    const mayChangeBytes = isPath(source) || source instanceof Blob;
    return upgradeNet(readNet(bytes, name, { mayChangeBytes }), name, this.#log);
  }

  /**
   * Reads one file or message, or several, with the same result as copying them into a net one after the other. The result
   * is a new net: the first, followed by the layers of the others. If several have a layer, the last one counts.
   */
  async readAll(weights: Weights): Promise<NetParameter> {
    const nets: NetParameter[] = [];
    for (const source of weightSources(weights)) nets.push(await this.read(source));
    const layer = nets.reduce<NetParameter["layer"]>((all, { layer }) => {
      const names = new Set(layer.map(({ name }) => name));
      return [...all.filter(({ name }) => !names.has(name)), ...layer];
    }, []);
    return Object.assign(create(NetParameterSchema), nets[0], { layer });
  }

  async write(path: string, net: NetParameter): Promise<void> {
    await this.#files.write(path, path.endsWith(".h5") ? await netToHdf5(net) : writeNet(net));
  }
}

/** Solver states; the formats are chosen as in `WeightFileStore`. */
export class SolverStateFiles {
  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  async read(path: string): Promise<SolverState> {
    const bytes = await this.#files.read(path);
    return isHdf5(bytes) ? solverStateFromHdf5(bytes, path) : readSolverState(bytes, path);
  }

  async write(path: string, state: SolverState): Promise<void> {
    await this.#files.write(path, path.endsWith(".h5") ? await solverStateToHdf5(state) : writeSolverState(state));
  }

  /** Where nothing can be written, the run may still end without a snapshot: `solve` says so before it begins. */
  async probe(path: string): Promise<void> {
    if (!this.#files.readOnly) await this.#files.probe(path);
  }
}
