/** The files of the page: texts that the editor shows, and weights, data and images that were dropped. Texts are kept in the browser. */
import { batch, computed, effect, type Signal, signal } from "@preact/signals";
import { createFiles, type MemoryFiles } from "moka-caffe/worker";
import { example } from "../example/index.js";
import { texts } from "../settings.js";
import { say } from "./messages.js";
import { recall, remember } from "./storage.js";

export interface TextFile {
  readonly name: string;
  readonly text: Signal<string>;
}

/** A file that is not shown as text. */
export interface DataFile {
  readonly name: string;
  readonly content: Blob;
}

interface Kept {
  readonly files: Readonly<Record<string, string>>;
  readonly active: string;
}

const said = texts(
  { full: "The browser has no room left: what you type now is not kept when the page is closed." },
  { full: "浏览器的存储空间已满：现在输入的内容在关闭页面后不会保留。" },
);

const kept = recall("project", isKept);

/** The texts, in the order of the tabs. */
export const textFiles = signal<readonly TextFile[]>(
  Object.entries(kept?.files ?? example.files).map(([name, text]) => ({ name, text: signal(text) })),
);
/** Weights, snapshots, data and images. */
export const dataFiles = signal<readonly DataFile[]>([]);
/** The name of the text that the editor shows. */
export const active = signal(kept?.active ?? example.active);

export const activeFile = computed(
  () => textFiles.value.find(({ name }) => name === active.value) ?? textFiles.value[0],
);

/** The text that is a solver, if there is one: the active one, the one that names the active net, or else the first. */
export const solverFile = computed(() => {
  const name = activeFile.value?.name;
  const naming = textFiles.value.find(({ text }) => isSolverText(text.value) && netNameIn(text.value) === name);
  const isActive = activeFile.value && isSolverText(activeFile.value.text.value);
  return (isActive ? undefined : naming) ?? chosen(isSolverText);
});
/** The net that all views are about: the active text, the net that the active solver names, or else the first. */
export const netFile = computed(() => {
  const { value: current } = activeFile;
  const named = current && isSolverText(current.text.value) ? netNameIn(current.text.value) : undefined;
  return textFiles.value.find(({ name }) => name === named) ?? chosen(isNetText);
});

function chosen(is: (text: string) => boolean): TextFile | undefined {
  const { value: current } = activeFile;
  if (current && is(current.text.value)) return current;
  return textFiles.value.find(({ text }) => is(text.value));
}

/** A guess from the first fields that only one of both has; Moka decides what it is, and says where that is wrong. */
export function isSolverText(text: string): boolean {
  return /^\s*(?:train_|test_)?net(?:_param)?\s*[:{]|^\s*(?:base_lr|max_iter|lr_policy|test_iter)\s*:/m.test(text);
}

function isNetText(text: string): boolean {
  return !isSolverText(text) && /^\s*(?:layers?\s*[:{]|name\s*:|input\s*:)/m.test(text);
}

function netNameIn(solver: string): string | undefined {
  return /^\s*(?:train_)?net\s*:\s*(["'])(.*?)\1/m.exec(solver)?.[2];
}

/** Adds a text, or replaces the one of the same name, and shows it. */
export function openText(name: string, text: string): void {
  batch(() => {
    const found = textFiles.value.find((file) => file.name === name);
    if (found) found.text.value = text;
    else textFiles.value = [...textFiles.value, { name, text: signal(text) }];
    active.value = name;
  });
}

/** Takes a text from the page. The last one stays. */
export function closeText(name: string): void {
  const left = textFiles.value.filter((file) => file.name !== name);
  if (left.length === 0) return;
  batch(() => {
    textFiles.value = left;
    if (active.value === name) active.value = left[0]?.name ?? "";
  });
}

export function addData(name: string, content: Blob): void {
  dataFiles.value = [...dataFiles.value.filter((file) => file.name !== name), { name, content }];
}

/** Replaces all texts, as a link or the example does. */
export function openProject(files: Readonly<Record<string, string>>, shown: string): void {
  batch(() => {
    textFiles.value = Object.entries(files).map(([name, text]) => ({ name, text: signal(text) }));
    active.value = shown;
  });
}

/** All files as Moka sees them. What Moka writes is in them alone. */
export function mokaFiles(): MemoryFiles {
  const texts = textFiles.value.map(({ name, text }) => [name, text.value] as const);
  const data = dataFiles.value.map(({ name, content }) => [name, content] as const);
  return createFiles(Object.fromEntries([...data, ...texts]));
}

/** Texts are kept this long after the last change, in ms. */
const quiet = 150;
let waiting: ReturnType<typeof setTimeout> | undefined;
let isFull = false;

function keep(): void {
  clearTimeout(waiting);
  waiting = undefined;
  const files = Object.fromEntries(textFiles.value.map(({ name, text }) => [name, text.value]));
  const isKept = remember("project", { files, active: active.value } satisfies Kept);
  if (!isKept && !isFull) say("warning", said().full);
  isFull = !isKept;
}

let isFirst = true;
effect(() => {
  for (const { text } of textFiles.value) void text.value;
  void active.value;
  if (!isFirst) {
    clearTimeout(waiting);
    waiting = setTimeout(keep, quiet);
  }
  isFirst = false;
});
// What was typed in the last moment is kept too.
addEventListener("pagehide", () => {
  if (waiting !== undefined) keep();
});

function isKept(value: unknown): value is Kept {
  const { files, active } = (value ?? {}) as Partial<Kept>;
  return (
    typeof active === "string" &&
    typeof files === "object" &&
    files !== null &&
    Object.keys(files).length > 0 &&
    Object.values(files).every((text) => typeof text === "string")
  );
}
