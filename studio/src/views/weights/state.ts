/** The weight files of the page, what is in them, and what the tools made of them. */
import { batch, computed, effect, signal } from "@preact/signals";
import type { ComparedBlob, DescribedWeights, NetStats } from "moka-caffe";
import { addDigits } from "../../state/digits.js";
import { latest } from "../../state/latest.js";
import { sayError } from "../../state/messages.js";
import { answers, computes } from "../../state/moka.js";
import { addData, dataFiles, mokaFiles, netFile, openText } from "../../state/project.js";
import type { ReceivedFile } from "../../state/receive.js";
import { iteration, runFiles, solver } from "../../state/run.js";
import { t } from "./strings.js";

export const weightFiles = computed(() => dataFiles.value.filter(({ name }) => /\.caffemodel(?:\.h5)?$/.test(name)));

const wanted = signal<string | undefined>(undefined);
/** The file that is shown, and the one that it is compared with. */
export const shown = computed(
  () => weightFiles.value.find(({ name }) => name === wanted.value)?.name ?? weightFiles.value.at(-1)?.name,
);
export const other = signal<string | undefined>(undefined);

export const described = signal<DescribedWeights | undefined>(undefined);
export const statistics = signal<NetStats | undefined>(undefined);
export const compared = signal<ReadonlyMap<string, ComparedBlob>>(new Map());
/** The tool that works now. */
export const working = signal<"doctor" | "fold" | "export" | undefined>(undefined);

/** What a tool says, and the files that it made. */
export interface Report {
  readonly tool: "doctor" | "fold" | "export";
  readonly lines: readonly string[];
  readonly files: readonly { readonly name: string; readonly content: Uint8Array }[];
}
export const report = signal<Report | undefined>(undefined);

export function show(choice: { readonly file?: string; readonly other?: string | undefined }): void {
  batch(() => {
    if (choice.file !== undefined) wanted.value = choice.file;
    if ("other" in choice) other.value = choice.other;
  });
}

/** Dropped weights are shown; of two that come at once the second is compared with the first. */
export function takeDropped(files: readonly ReceivedFile[]): void {
  const [first, second] = files.map(({ file }) => file.name);
  show({ ...(first === undefined ? {} : { file: first }), ...(second === undefined ? {} : { other: second }) });
}

/** Takes the weights of the training as they are now. */
export async function takeTraining(): Promise<void> {
  const [running, files] = [solver.value, runFiles.value];
  if (!running || !files) return;
  const name = `training_iter_${iteration.value}.caffemodel`;
  try {
    await running.net.save(name);
    addData(name, new Blob([(await files.read(name)) as Uint8Array<ArrayBuffer>]));
    show({ file: name });
  } catch (error) {
    sayError(error);
  }
}

const describe = latest(async (name: string) => {
  const files = mokaFiles();
  const found = await answers().describeWeights(name, { files });
  const isNormed = found.layers.some(({ type }) => type === "BatchNorm");
  // Weights without a net's types still have what they describe; their statistics cannot be told apart from other blobs.
  const norms = isNormed
    ? await answers()
        .stats(undefined, name, { files })
        .catch(() => undefined)
    : undefined;
  return { found, norms };
});

effect(() => {
  const { value: name } = shown;
  void dataFiles.value;
  batch(() => {
    described.value = undefined;
    statistics.value = undefined;
    report.value = undefined;
  });
  if (name === undefined) return;
  describe(name).then(
    (result) => {
      if (!result) return;
      batch(() => {
        described.value = result.found;
        statistics.value = result.norms;
      });
    },
    (error: unknown) => sayError(error, t().truncated(name)),
  );
});

const compare = latest((a: string, b: string) => answers().compareWeights(a, b, { files: mokaFiles() }));
effect(() => {
  const [{ value: a }, { value: b }] = [shown, other];
  compared.value = new Map();
  if (a === undefined || b === undefined || a === b) return;
  compare(a, b).then((found) => {
    if (found) compared.value = new Map(found.map((each) => [`${each.layer} ${each.index}`, each]));
  }, sayError);
});

export async function valuesOf(layer: string, index: number) {
  const { value: name } = shown;
  return name === undefined ? undefined : answers().weightValues(name, layer, index, { files: mokaFiles() });
}

/** Opens the net that the file holds. */
export function openNet(): void {
  const [net, name] = [described.value?.net, shown.value];
  if (net !== undefined && name !== undefined) openText(name.replace(/\.caffemodel(?:\.h5)?$/, ".prototxt"), net);
}

/** The stage in which a net is deployed, where its text has one. */
function stagesOf(text: string): readonly string[] {
  return /stage\s*:\s*"deploy"/.test(text) ? ["deploy"] : [];
}

/** Batches that the doctor runs. */
const examined = 4;

export async function use(tool: Report["tool"]): Promise<void> {
  const [net, name] = [netFile.value, shown.value];
  if (!net || name === undefined || working.value) return;
  working.value = tool;
  report.value = undefined;
  try {
    const text = net.text.value;
    const files = tool === "doctor" ? (runFiles.value ?? mokaFiles()) : mokaFiles();
    const content = dataFiles.value.find((file) => file.name === name)?.content;
    if (tool === "doctor" && content) {
      files.add(name, content);
      await addDigits(files, text);
    }
    const run = { doctor: examine, fold: foldNet, export: exportNet }[tool];
    report.value = await run(text.includes("\n") ? text : `${text}\n`, name, files);
  } catch (error) {
    sayError(error);
  } finally {
    working.value = undefined;
  }
}

type Files = ReturnType<typeof mokaFiles>;

async function examine(text: string, weights: string, files: Files): Promise<Report> {
  const found = await computes().doctor(text, weights, { files, iterations: examined });
  const causes = found.causes.map(({ title, evidence, remedy }) => [title, ...evidence, remedy].join(" — "));
  return {
    tool: "doctor",
    lines: [`${t().verdict}: ${found.verdict}`, ...(causes.length > 0 ? causes : [t().innocent]), ...found.notes],
    files: [],
  };
}

async function foldNet(text: string, weights: string, files: Files): Promise<Report> {
  const { folded, kept, proof, written } = await computes().fold(text, weights, {
    files,
    stages: stagesOf(text),
    output: "folded",
  });
  const summary = proof.ran
    ? t().folded(folded.length, proof.outputs.reduce((most, { error }) => Math.max(most, error), 0).toExponential(1))
    : t().foldedUnproved(folded.length, proof.reason);
  const made = await Promise.all(written.map(async (name) => ({ name, content: await files.read(name) })));
  return { tool: "fold", lines: [summary, ...kept.map(({ layer, reason }) => t().kept(layer, reason))], files: made };
}

async function exportNet(text: string, weights: string, files: Files): Promise<Report> {
  const { model } = await computes().exportOnnx(text, weights, { files, stages: stagesOf(text), certify: false });
  const name = weights.replace(/\.caffemodel(?:\.h5)?$/, ".onnx");
  return {
    tool: "export",
    lines: [t().exported(`${(model.length / 1e6).toFixed(2)} MB`)],
    files: [{ name, content: model }],
  };
}

/** Curves of a dropped log. */
export interface LogCurves {
  readonly name: string;
  readonly svg: string;
}
export const logs = signal<readonly LogCurves[]>([]);

export async function takeLogs(files: readonly ReceivedFile[]): Promise<void> {
  for (const { file } of files) {
    try {
      const parsed = await answers().parseLog(await file.text(), { name: file.name });
      const svg = await answers().plotLog(parsed, file.name);
      logs.value = [...logs.value.filter(({ name }) => name !== file.name), { name: file.name, svg }];
    } catch (error) {
      sayError(error, file.name);
    }
  }
}
