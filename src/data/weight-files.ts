import { readNet, readSolverState, writeNet, writeSolverState } from "../proto/binary/index.js";
import type { NetParameter, SolverState } from "../proto/gen/caffe_pb.js";
import { upgradeNet } from "../proto/upgrade/net.js";
import type { Files } from "../util/files.js";
import type { Log } from "../util/log.js";
import { weightPaths } from "../util/weight-paths.js";
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

  async read(path: string): Promise<NetParameter> {
    const bytes = await this.#files.read(path);
    if (isHdf5(bytes)) return netFromHdf5(bytes, path);
    return upgradeNet(readNet(bytes, path, { mayChangeBytes: true }), path, this.#log);
  }

  /**
   * Reads one file, or several separated by commas, with the same result as copying them into a net one after the other. The
   * result is the first net, followed by the layers of the others. If several have a layer, the last one counts.
   */
  async readAll(paths: string): Promise<NetParameter> {
    const [path = "", ...more] = weightPaths(paths);
    const net = await this.read(path);
    for (const each of more) {
      const { layer } = await this.read(each);
      const names = new Set(layer.map(({ name }) => name));
      net.layer = [...net.layer.filter(({ name }) => !names.has(name)), ...layer];
    }
    return net;
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

  async probe(path: string): Promise<void> {
    await this.#files.probe(path);
  }
}
