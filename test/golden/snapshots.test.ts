// Snapshots of the reference (see README.md here), as binary proto and as HDF5: read, gone on from, and written again.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Hdf5Value, readHdf5 } from "../../src/data/hdf5.js";
import { netFromHdf5, netToHdf5, solverStateFromHdf5, solverStateToHdf5 } from "../../src/data/hdf5-weights.js";
import { Net, Solver } from "../../src/index.js";
import { createFiles, type MemoryFiles } from "../../src/platform/memory-files.js";
import {
  blobShape,
  blobValues,
  readNet,
  readSolverState,
  writeNet,
  writeSolverState,
} from "../../src/proto/binary/index.js";
import type { BlobProto } from "../../src/proto/gen/caffe_pb.js";
import { readSafetensors } from "../safetensors.js";
import { engineChoices } from "./engines.js";

const golden = (path: string) => new Uint8Array(readFileSync(new URL(`files/${path}`, import.meta.url)));
const { metadata, tensors } = readSafetensors(golden("snapshots/iter_10.safetensors"));

/** Losses of iterations 10 to 19 after resuming, as the reference logs them: six digits. */
const resumedLosses = new TextDecoder()
  .decode(golden("snapshots/resumed_losses.txt"))
  .trim()
  .split("\n")
  .map((line) => Number(line.split(" ")[1]));

const forms = [
  { form: "binary proto", solver: "solver_binaryproto.prototxt", end: "" },
  { form: "HDF5", solver: "solver_hdf5.prototxt", end: ".h5" },
] as const;

/** Everything where the prototxts say it is, with nothing written yet. */
function workingFolder(): MemoryFiles {
  const data = ["clusters_train.txt", "clusters_train.h5", "clusters_test.txt", "clusters_test.h5"];
  const snapshots = forms.flatMap(({ solver, end }) => [
    solver,
    ...["caffemodel", "solverstate"].map((kind) => `snap_iter_10.${kind}${end}`),
  ]);
  return createFiles({
    ...Object.fromEntries(data.map((name) => [`/files/${name}`, golden(name)])),
    ...Object.fromEntries([...snapshots, "train_val.prototxt"].map((name) => [name, golden(`snapshots/${name}`)])),
  });
}

test("the golden data is there", () => {
  expect(resumedLosses.length).toBe(10);
  expect([metadata.iter, metadata.current_step]).toEqual(["10", "0"]);
  expect(tensors.size).toBe(18);
});

describe.each(forms)("in $form", ({ form, solver: solverFile, end }) => {
  const isBinary = form === "binary proto";
  const modelBytes = () => golden(`snapshots/snap_iter_10.caffemodel${end}`);
  const stateBytes = () => golden(`snapshots/snap_iter_10.solverstate${end}`);
  const readModel = async (bytes: Uint8Array) => (isBinary ? readNet(bytes) : await netFromHdf5(bytes, form));
  const readState = async (bytes: Uint8Array) =>
    isBinary ? readSolverState(bytes) : await solverStateFromHdf5(bytes, form);

  test("weights and history are the reference's, to the bit", async () => {
    const layers = (await readModel(modelBytes())).layer.filter(({ blobs }) => blobs.length > 0);
    const found = new Map(layers.flatMap(({ name, blobs }) => blobs.map((blob, i) => [`param/${name}/${i}`, blob])));
    const state = await readState(stateBytes());
    state.history.forEach((blob, i) => void found.set(`history/${i}`, blob));
    expect([...found.keys()].sort()).toEqual([...tensors.keys()].sort());
    for (const [name, { shape, data }] of tensors) {
      const blob = found.get(name) as BlobProto;
      expect(blobShape(blob), name).toEqual(shape);
      expect(blobValues(blob).data, name).toEqual(data);
    }
    expect([state.iter, state.currentStep, state.learnedNet]).toEqual([10, 0, `snap_iter_10.caffemodel${end}`]);
  });

  test.each(Object.entries(engineChoices))(
    "training goes on from it as the reference does, on %s",
    async (_, choice) => {
      const log: string[] = [];
      const solver = await Solver.load(solverFile, {
        files: workingFolder(),
        ...choice,
        snapshot: `snap_iter_10.solverstate${end}`,
        log: (_severity, _origin, message) => void log.push(message),
      });
      expect(solver.iter).toBe(10);
      const losses: number[] = [];
      solver.on("iteration", ({ loss }) => void losses.push(loss));
      await solver.solve();
      expect(solver.iter).toBe(20);
      expect(losses.length).toBe(10);
      losses.forEach((loss, i) => {
        expect(Math.abs(loss / resumedLosses[i] - 1), `loss of iteration ${10 + i}: ${loss}`).toBeLessThan(2e-5);
      });
      expect(log.filter((line) => line.startsWith("Resuming"))).toEqual([
        `Resuming from snap_iter_10.solverstate${end}`,
        "Resuming from Caffe's own files alone (cannot read snap_iter_10.moka.json: no such file or folder): " +
          "data, random numbers and smoothed loss start from the beginning, as in Caffe",
      ]);
      await solver.dispose();
    },
  );

  test("what is written at once again is the same", async () => {
    const files = workingFolder();
    const snapshot = `snap_iter_10.solverstate${end}`;
    const solver = await Solver.load(solverFile, { files, engine: "wasm", snapshot });
    await solver.snapshot();
    await solver.dispose();
    const written = { model: files.take(`snap_iter_10.caffemodel${end}`), state: files.take(snapshot) };
    if (isBinary) {
      expect(written.state).toEqual(stateBytes());
      expect(written.model).toEqual(modelBytes());
    } else {
      expect(await readHdf5(written.state as Uint8Array)).toEqual(await readHdf5(stateBytes()));
      expect(await readHdf5(written.model as Uint8Array)).toEqual(await readHdf5(modelBytes()));
    }
  });
});

describe("the reference's content, written back", () => {
  test.each(["snap_iter_10.caffemodel", "snap_iter_20.caffemodel"])("%s has the same bytes", (name) => {
    const bytes = golden(`snapshots/${name}`);
    expect(joined(writeNet(readNet(bytes)))).toEqual(bytes);
  });

  test.each(["snap_iter_10.solverstate", "snap_iter_20.solverstate"])("%s has the same bytes", (name) => {
    const bytes = golden(`snapshots/${name}`);
    expect(joined(writeSolverState(readSolverState(bytes)))).toEqual(bytes);
  });

  test("in HDF5 has the same datasets", async () => {
    const model = golden("snapshots/snap_iter_10.caffemodel.h5");
    const state = golden("snapshots/snap_iter_10.solverstate.h5");
    const datasets = (bytes: Uint8Array): Promise<Map<string, Hdf5Value>> => readHdf5(bytes);
    expect(await datasets(await netToHdf5(await netFromHdf5(model, "model")))).toEqual(await datasets(model));
    expect(await datasets(await solverStateToHdf5(await solverStateFromHdf5(state, "state")))).toEqual(
      await datasets(state),
    );
  });

  test("both forms hold the same weights", async () => {
    const files = workingFolder();
    const outputs = [];
    for (const { end } of forms) {
      const net = await Net.load("train_val.prototxt", {
        files,
        weights: `snap_iter_10.caffemodel${end}`,
        engine: "wasm",
      });
      outputs.push(await net.forward());
      await net.dispose();
    }
    expect(outputs[0]).toEqual(outputs[1]);
    expect(outputs[0].accuracy[0]).toBeGreaterThan(0.9);
  });
});

function joined(chunks: Uint8Array | readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks instanceof Uint8Array ? [chunks] : chunks));
}
