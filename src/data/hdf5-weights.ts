import { create } from "@bufbuild/protobuf";
import { blobShape, blobValues, makeBlob } from "../proto/binary/index.js";
import { kinds } from "../proto/file-kind.js";
import {
  type BlobProto,
  BlobProtoSchema,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
  type SolverState,
  SolverStateSchema,
} from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import { floatsOf, type Hdf5Value, readHdf5Tree, writeHdf5 } from "./hdf5.js";

type Datasets = ReadonlyMap<string, Hdf5Value>;

/** No layer has more parameters. A damaged file with a higher index is refused before a list of that length is made. */
const maxParams = 1000;

/**
 * Reads weights from HDF5 in Caffe's layout: `data/<layer>/<index>`, gradients in `diff/<layer>/<index>`.
 *
 * A parameter that shares another's values has no dataset. If a later one of its layer has, it is an empty message.
 */
export async function netFromHdf5(bytes: Uint8Array, file: string): Promise<NetParameter> {
  const { datasets, groups } = await readHdf5Tree(bytes, file);
  const names = layerIndices(datasets, groups);
  checkKind(names.size > 0 || !isState(datasets), file, kinds.state, kinds.weights);
  check(names.size > 0, "MOKA_WEIGHTS", `${file} has no weights: there is no data/<layer>/<index> in it`);
  const layer = [...names].map(([name, indices]) => {
    const count = Math.max(-1, ...indices) + 1;
    check(count <= maxParams, "MOKA_WEIGHTS", `${file}: data/${name}/${count - 1} is no parameter of a layer`);
    const blobs = Array.from({ length: count }, (_, i) =>
      indices.includes(i) ? blobAt(datasets, `data/${name}/${i}`, `diff/${name}/${i}`, file) : create(BlobProtoSchema),
    );
    return create(LayerParameterSchema, { name, blobs });
  });
  return create(NetParameterSchema, { layer });
}

function isState(datasets: Datasets): boolean {
  return datasets.has("iter");
}

function checkKind(isRight: boolean, file: string, kind: string, wanted: string): void {
  check(isRight, "MOKA_WEIGHTS", `${file} is ${kind} in HDF5, where ${wanted} is wanted`);
}

/** The names of the layers with the indices of their datasets. A group in `data` is a layer unless it holds groups. */
function layerIndices(datasets: Datasets, groups: ReadonlySet<string>): Map<string, number[]> {
  const layers = new Map<string, number[]>();
  const parents = new Set([...groups].map((path) => path.replace(/\/[^/]*$/, "")));
  for (const path of groups) {
    if (path.startsWith("data/") && !parents.has(path)) layers.set(path.slice("data/".length), []);
  }
  for (const path of datasets.keys()) {
    const [, name, index] = /^data\/(.+)\/(\d+)$/.exec(path) ?? [];
    if (name === undefined) continue;
    layers.set(name, [...(layers.get(name) ?? []), Number(index)]);
  }
  return layers;
}

/** Every layer gets a group, even without parameters. Shared values are written once, with the first, as in Caffe. */
export async function netToHdf5(net: NetParameter): Promise<Uint8Array> {
  const content = new Map<string, Hdf5Value>();
  const written = new Set<string>();
  const buffers: ArrayBufferLike[] = [];
  const isFirstUse = ({ buffer, byteOffset, length }: Float32Array) => {
    if (!buffers.includes(buffer)) buffers.push(buffer);
    const place = `${buffers.indexOf(buffer)} ${byteOffset}`;
    const isFirst = length === 0 || !written.has(place);
    written.add(place);
    return isFirst;
  };
  for (const { name, blobs } of net.layer) {
    blobs.forEach((blob, i) => {
      const { data, diff } = blobValues(blob);
      const shape = blobShape(blob);
      if (isFirstUse(data)) content.set(`data/${name}/${i}`, { shape, data });
      if (diff) content.set(`diff/${name}/${i}`, { shape, data: diff });
    });
  }
  return writeHdf5(
    content,
    net.layer.map(({ name }) => `data/${name}`),
  );
}

/** A solver state in HDF5: `iter`, `current_step`, `learned_net` and `history/<index>`. */
export async function solverStateFromHdf5(bytes: Uint8Array, file: string): Promise<SolverState> {
  const { datasets, groups } = await readHdf5Tree(bytes, file);
  checkKind(isState(datasets) || layerIndices(datasets, groups).size === 0, file, kinds.weights, kinds.state);
  const integer = (name: string) => {
    const value = datasets.get(name);
    check(
      typeof value === "object" && value.data.length === 1,
      "MOKA_WEIGHTS",
      `${file} has no ${name}: not a solver state`,
    );
    return value.data[0] ?? 0;
  };
  const learnedNet = datasets.get("learned_net");
  const history: BlobProto[] = [];
  for (let path = "history/0"; datasets.has(path); path = `history/${history.length}`) {
    history.push(blobAt(datasets, path, undefined, file));
  }
  return create(SolverStateSchema, {
    iter: integer("iter"),
    currentStep: integer("current_step"),
    ...(typeof learnedNet === "string" && { learnedNet }),
    history,
  });
}

export async function solverStateToHdf5(state: SolverState): Promise<Uint8Array> {
  const content = new Map<string, Hdf5Value>([
    ["iter", { shape: [1], data: Int32Array.of(state.iter) }],
    ["learned_net", state.learnedNet],
    ["current_step", { shape: [1], data: Int32Array.of(state.currentStep) }],
  ]);
  state.history.forEach((blob, i) => {
    content.set(`history/${i}`, { shape: blobShape(blob), data: blobValues(blob).data });
  });
  return writeHdf5(content, ["history"]);
}

/** A dataset as a blob, with its gradients if there are any. */
function blobAt(datasets: Datasets, path: string, diffPath: string | undefined, file: string): BlobProto {
  const value = datasets.get(path);
  check(typeof value === "object", "MOKA_WEIGHTS", `${file}: ${path} holds no numbers`);
  const diff = diffPath === undefined ? undefined : datasets.get(diffPath);
  return makeBlob(value.shape, { data: floatsOf(value), ...(typeof diff === "object" && { diff: floatsOf(diff) }) });
}
