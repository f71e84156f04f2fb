/** Data that were dropped: made databases of where they are none, and named by the net's data layers. */
import { computed } from "@preact/signals";
import { createFiles } from "moka-caffe/worker";
import { digitSources } from "../../state/digits.js";
import { say } from "../../state/messages.js";
import { answers, computes } from "../../state/moka.js";
import { addData, dataFiles, netFile } from "../../state/project.js";
import type { ReceivedFile } from "../../state/receive.js";
import { t } from "./strings.js";

/** The databases of the page, by the names that a `source` has. */
export const databases = computed(() => {
  const own = dataFiles.value.flatMap(({ name }) =>
    name.endsWith("/data.mdb") ? [name.slice(0, -"/data.mdb".length)] : [],
  );
  return [...new Set([...digitSources, ...own])];
});

type Phase = "TRAIN" | "TEST";

/** Has the data layers of a phase read a source: an edit of the net's text, which the editor can undo. */
export async function pointTo(phase: Phase, source: string, type = "Data"): Promise<void> {
  const file = netFile.value;
  if (!file) return;
  const param = type === "HDF5Data" ? "hdf5_data_param" : "data_param";
  const value = JSON.stringify(source);
  file.text.value = await answers().changeFields(file.text.value, [
    { layers: { type, phase }, path: [param, "source"], value },
  ]);
}

/** Dropped LMDBs: each folder is a source. */
export async function takeDatabases(files: readonly ReceivedFile[]): Promise<void> {
  for (const { path, file } of files) {
    const folder = path.includes("/") ? path.replace(/\/[^/]*$/, "").replace(/^.*\//, "") : "dropped_lmdb";
    addData(`${folder}/data.mdb`, file);
    await pointTo(/test|val/i.test(folder) ? "TEST" : "TRAIN", folder);
  }
  say("info", t().pointed);
}

/** IDX files, as MNIST's: images and labels together. */
export async function takeIdx(files: readonly ReceivedFile[]): Promise<void> {
  const isImages = await Promise.all(
    files.map(async ({ file }) => new Uint8Array(await file.slice(3, 4).arrayBuffer())[0] === 3),
  );
  const images = files.filter((_, i) => isImages[i]);
  const labels = files.filter((_, i) => !isImages[i]);
  const isTest = (name: string) => /t10k|test|val/i.test(name);
  const pairs = images.flatMap((image) => {
    const label = labels.find(({ file }) => isTest(file.name) === isTest(image.file.name));
    return label ? [[image, label] as const] : [];
  });
  if (pairs.length === 0) return say("error", t().pair);
  for (const [image, label] of pairs) {
    const phase = isTest(image.file.name) ? "TEST" : "TRAIN";
    const source = phase === "TEST" ? "dropped_test_lmdb" : "dropped_train_lmdb";
    const made = createFiles({ images: image.file, labels: label.file });
    const { count, height, width } = await computes().convertMnistData("images", "labels", source, { files: made });
    addData(`${source}/data.mdb`, new Blob([(await made.read(`${source}/data.mdb`)) as Uint8Array<ArrayBuffer>]));
    await pointTo(phase, source);
    say("info", t().took(image.file.name, count, `${height}×${width}`));
  }
  say("info", t().pointed);
}

/** HDF5 files: HDF5Data reads a list of them. */
export async function takeHdf5(files: readonly ReceivedFile[]): Promise<void> {
  for (const phase of ["TRAIN", "TEST"] as const) {
    const own = files.filter(({ file }) => /test|val/i.test(file.name) === (phase === "TEST"));
    if (own.length === 0) continue;
    const list = `dropped_${phase.toLowerCase()}.txt`;
    for (const { file } of own) addData(file.name, file);
    addData(list, new Blob([own.map(({ file }) => `${file.name}\n`).join("")]));
    await pointTo(phase, list, "HDF5Data");
  }
  say("info", t().pointed);
}

/** One image of so many is kept for the test. */
const tested = 10;

/** Folders of images, one a class, by the alphabet: shuffled, and divided into data to train and to test on. */
export async function takeFolders(files: readonly ReceivedFile[]): Promise<void> {
  const classOf = ({ path }: ReceivedFile) => path.split("/").at(-2) ?? "";
  const pictures = files.filter(({ file }) => /\.(?:jpe?g|png|bmp|p[bgpn]m)$/i.test(file.name));
  const classes = [...new Set(pictures.map(classOf))].sort();
  if (classes.length < 2) return say("error", t().noImages);
  const shuffled = [...pictures].sort((a, b) => hash(a.path) - hash(b.path));
  const made = createFiles(Object.fromEntries(shuffled.map(({ path, file }) => [`images/${path}`, file])));
  for (const phase of ["TRAIN", "TEST"] as const) {
    const own = shuffled.filter((_, i) => (i % tested === 0) === (phase === "TEST"));
    const list = own.map((each) => `${each.path} ${classes.indexOf(classOf(each))}\n`).join("");
    made.add("list.txt", list);
    const source = `images_${phase.toLowerCase()}_lmdb`;
    await computes().convertImageset("images/", "list.txt", source, { files: made });
    addData(`${source}/data.mdb`, new Blob([(await made.read(`${source}/data.mdb`)) as Uint8Array<ArrayBuffer>]));
    await pointTo(phase, source);
    say("info", t().took(source, own.length, t().classCount(classes.length)));
  }
  say("info", t().classes(classes.map((name, i) => `${i} ${name}`).join(", ")));
  say("info", t().pointed);
}

/** FNV-1a: the same order each time, whatever the names. */
function hash(text: string): number {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return value >>> 0;
}
