// docs/pycaffe.md names every call of pycaffe, and only what Moka has.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import * as moka from "../../src/index.js";
import { tree } from "./tree.js";

/** Public names of pycaffe: those of its `__init__.py`, of each module, and of the classes of `_caffe.cpp`. */
const pycaffe: Readonly<Record<string, string>> = {
  caffe:
    "Net SGDSolver NesterovSolver AdaGradSolver RMSPropSolver AdaDeltaSolver AdamSolver NCCL Timer init_log log " +
    "set_mode_cpu set_mode_gpu set_device Layer get_solver layer_type_list set_random_seed solver_count set_solver_count " +
    "solver_rank set_solver_rank set_multiprocess has_nccl __version__ TRAIN TEST Classifier Detector io layers params " +
    "NetSpec to_proto",
  net:
    "blobs blob_loss_weights layer_dict params forward backward forward_all forward_backward_all set_input_arrays inputs " +
    "outputs top_names bottom_names layers reshape clear_param_diffs copy_from share_with save save_hdf5 load_hdf5 " +
    "before_forward after_forward before_backward after_backward",
  blob: "shape num channels height width count reshape data diff",
  layer: "blobs setup reshape type",
  solver: "net test_nets iter lr add_callback solve step restore snapshot share_weights apply_update param",
  "caffe.io":
    "blobproto_to_array array_to_blobproto arraylist_to_blobprotovector_str blobprotovector_str_to_arraylist array_to_datum " +
    "datum_to_array Transformer load_image resize_image oversample",
  transformer: "preprocess deprocess set_transpose set_channel_swap set_raw_scale set_mean set_input_scale",
  classifier: "predict",
  detector: "detect_windows detect_selective_search crop configure_crop",
  net_spec: "param_name_dict assign_proto Top Function",
  n: "tops to_proto",
  "caffe.draw": "draw_net draw_net_to_file",
  draw: "get_pooling_types_dict get_edge_label get_layer_lr_mult get_layer_label choose_color_by_layertype get_pydot_graph",
  coord_map: "conv_params crop_params coord_map compose inverse coord_map_from_to crop",
  python: "classify.py detect.py draw_net.py train.py",
};

const page = tree.read("docs/pycaffe.md");
/** The code in each row's columns. */
const rows = page
  .split("\n")
  .filter((line) => /^\| `/.test(line))
  .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
  .map((cells) => cells.map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code)));

test("every call of pycaffe is there", () => {
  const named = rows.flatMap(([theirs = []]) => theirs).join("\n");
  const missing = Object.entries(pycaffe).flatMap(([owner, names]) =>
    names
      .split(" ")
      .map((name) => (owner === "python" ? `python/${name}` : `${owner}.${name}`))
      .filter((name) => !new RegExp(`(?<![\\w.])${name.replaceAll(".", "\\.")}(?!\\w)`).test(named)),
  );
  expect(missing).toEqual([]);
});

// An example of each class. The tests ask it for the members that the page names.
const folder = mkdtempSync(join(tmpdir(), "moka-pycaffe-page-"));
const examples: Record<string, unknown> = {};
const close: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const text = `layer { name: "m" type: "MemoryData" top: "data" top: "label"
      memory_data_param { batch_size: 2 channels: 1 height: 4 width: 4 } }
    layer { name: "prob" type: "Flatten" bottom: "data" top: "prob" }
    layer { name: "fc7" type: "Flatten" bottom: "data" top: "fc7" }`;
  const net = await moka.Net.load(text, { engine: "reference" });
  const solver = await moka.Solver.load(
    `base_lr: 1 lr_policy: "fixed" snapshot_prefix: "${folder}/s" net_param { name: "n"
       layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 1 } } }
       layer { name: "loss" type: "EuclideanLoss" bottom: "x" bottom: "t" top: "loss" } }`,
    { engine: "reference" },
  );
  const input = 'layer { name: "i" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 4 dim: 4 } } }\n';
  await net.save(join(folder, "w.caffemodel"));
  const [model, weights] = [input, join(folder, "w.caffemodel")];
  const classifier = await moka.Classifier.load(model, weights, { engine: "reference" });
  const detector = await moka.Detector.load(model, weights, { engine: "reference" });
  const n = new moka.NetSpec("n");
  n.conv1 = moka.L.Input({ shape: { dim: 1 } });
  // The module, globals of the language, and the values that the page gives to calls.
  const layer = Object.assign(Object.create(net.layers[0] as object), { message: { pythonParam: { paramStr: "" } } });
  const { transformer } = classifier;
  const [blob] = net.blobs.values();
  Object.assign(examples, moka, {
    net,
    blob,
    layer,
    solver,
    classifier,
    detector,
    transformer,
    n,
    console,
    JSON,
    String,
  });
  close.push(...[net, solver, classifier, detector].map((each) => () => each.dispose()));
});
afterAll(async () => {
  for (const each of close) await each();
  rmSync(folder, { recursive: true });
});

/** The complaint about code in the column of Moka's calls that names nothing; undefined if there is none. */
function complaintOf(code: string): string | undefined {
  const [, command] = /^moka ([a-z_]+)$/.exec(code) ?? [];
  if (command !== undefined) {
    return commands.some(({ name }) => name === command) ? undefined : `${code}: there is no such command`;
  }
  if (/^"\w+"$/.test(code)) return undefined;
  const step = /\.get\("(?<key>\w+)"\)|\.?(?<name>[A-Za-z]\w*)|\[(?:(?<index>\d)|"(?<item>\w+)")\]/y;
  let value: unknown = examples;
  for (let match = step.exec(code); match; match = step.exec(code)) {
    const { key, name, index, item } = match.groups ?? {};
    const holder = value as Record<string, unknown> & ReadonlyMap<string, unknown>;
    const wanted = key ?? name ?? index ?? item ?? "";
    try {
      value = key === undefined ? holder[wanted] : holder.get(key);
    } catch (error) {
      return `${code}: ${error}`;
    }
    if (value === undefined) return `${code}: there is no ${wanted}`;
  }
  if (value === examples) return `${code}: no name`;
  return undefined;
}

test("what Moka's column names is there", () => {
  const ours = rows.flatMap(([, calls = []]) => calls);
  expect(ours.length).toBeGreaterThan(90);
  expect(ours.flatMap((code) => complaintOf(code) ?? [])).toEqual([]);
});

test.each([
  ["net.forwardTo()", "there is no forwardTo"],
  ["laodImage(path)", "there is no laodImage"],
  ["solver.net.blob", "there is no blob"],
  ['net.blobs.get("fc7").dataset', "there is no dataset"],
  ["net.layers[0].rest(data, labels)", "there is no rest"],
  ["moka brew", "there is no such command"],
  ["L.Convolutoin(n.data)", "did you mean L.Convolution?"],
  ["(x)", "no name"],
])("%s: %s", (code, complaint) => expect(complaintOf(code)).toContain(complaint));

test("the functions named beside them are exported", () => {
  const beside = rows
    .flatMap(([, , words = []]) => words)
    .filter((code) => /^(?:read|write|parse|format)\w+$/.test(code));
  expect(beside.length).toBeGreaterThan(4);
  for (const name of beside) expect(moka, name).toHaveProperty(name);
});
