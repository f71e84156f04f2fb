import { create } from "@bufbuild/protobuf";
import { blobShape, blobValues, makeBlob } from "../proto/binary/index.js";
import {
  type BlobProto,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
  type SolverState,
  SolverStateSchema,
} from "../proto/gen/caffe_pb.js";
import { check } from "../util/errors.js";
import { floatsOf, type Hdf5Array, type Hdf5Value, readHdf5, writeHdf5 } from "./hdf5.js";

type Datasets = ReadonlyMap<string, Hdf5Value>;

/** Weights in HDF5, as Caffe lays them out: `data/<layer>/<index>`, gradients in `diff/<layer>/<index>`. */
export async function netFromHdf5(bytes: Uint8Array, file: string): Promise<NetParameter> {
  const datasets = await readHdf5(bytes, file);
  const names = new Set<string>();
  for (const path of datasets.keys()) {
    const [, name] = /^data\/(.+)\/\d+$/.exec(path) ?? [];
    if (name !== undefined) names.add(name);
  }
  check(names.size > 0, "MOKA_WEIGHTS", `${file} has no weights: there is no data/<layer>/<index> in it`);
  const layer = [...names].map((name) =>
    create(LayerParameterSchema, { name, blobs: numbered(datasets, `data/${name}`, `diff/${name}`, file) }),
  );
  return create(NetParameterSchema, { layer });
}

/** Each layer gets its group, those without parameters too, as in Caffe. */
export async function netToHdf5(net: NetParameter): Promise<Uint8Array> {
  const content = new Map<string, Hdf5Value>();
  for (const { name, blobs } of net.layer) {
    blobs.forEach((blob, i) => {
      const { data, diff } = blobValues(blob);
      const shape = blobShape(blob);
      content.set(`data/${name}/${i}`, { shape, data });
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
  const datasets = await readHdf5(bytes, file);
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
  return create(SolverStateSchema, {
    iter: integer("iter"),
    currentStep: integer("current_step"),
    ...(typeof learnedNet === "string" && { learnedNet }),
    history: numbered(datasets, "history", undefined, file),
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

/** The blobs `<group>/0`, `<group>/1`, …, as many as there are, with their gradients. */
function numbered(datasets: Datasets, group: string, diffGroup: string | undefined, file: string): BlobProto[] {
  const blobs: BlobProto[] = [];
  for (let i = 0; ; i++) {
    const value = datasets.get(`${group}/${i}`);
    if (value === undefined) return blobs;
    check(isArray(value), "MOKA_WEIGHTS", `${file}: ${group}/${i} holds no numbers`);
    const diff = diffGroup === undefined ? undefined : datasets.get(`${diffGroup}/${i}`);
    blobs.push(makeBlob(value.shape, { data: floatsOf(value), ...(isArray(diff) && { diff: floatsOf(diff) }) }));
  }
}

function isArray(value: Hdf5Value | undefined): value is Hdf5Array {
  return typeof value === "object";
}
