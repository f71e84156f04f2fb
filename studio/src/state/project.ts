/** The files of the page: texts that the editor shows, and weights, data and images that were dropped. Texts are kept in the browser. */
import { batch, computed, effect, type Signal, signal } from "@preact/signals";
import { createFiles, type MemoryFiles } from "moka-caffe/worker";
import { example } from "../example/index.js";
import { texts } from "../settings.js";
import { say } from "./messages.js";
import { forget, recall, recallHere, rememberHere, whenStoredElsewhere } from "./storage.js";

export interface TextFile {
  readonly name: string;
  /** Its lines end with `\n`, whatever they end with in the file. */
  readonly text: Signal<string>;
  /** What its lines end with in the file. */
  readonly lineEnd: "\n" | "\r\n";
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
  {
    full: "The browser has no room left: what you type now is not kept when the page is closed.",
    elsewhere:
      "Other texts were typed in another window of this page. This window keeps its own; the next visit begins with those that were typed last.",
  },
  {
    full: "浏览器的存储空间已满：现在输入的内容在关闭页面后不会保留。",
    elsewhere: "本页面的另一个窗口中输入了其他文本。这个窗口保留自己的文本；下次访问从最后输入的文本开始。",
  },
);

const kept = recallHere("project", isKept);

function textFile(name: string, text: string): TextFile {
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  return { name, text: signal(text.replaceAll(/\r\n?/g, "\n")), lineEnd };
}

/** The texts, in the order of the tabs. */
export const textFiles = signal<readonly TextFile[]>(
  Object.entries(kept?.files ?? example.files).map(([name, text]) => textFile(name, text)),
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
    if (found) found.text.value = textFile(name, text).text.value;
    else textFiles.value = [...textFiles.value, textFile(name, text)];
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

/** Gives a text another name. Returns false if the name is taken or empty. */
export function renameText(from: string, to: string): boolean {
  if (to === "" || textFiles.value.some(({ name }) => name === to)) return false;
  batch(() => {
    textFiles.value = textFiles.value.map((file) => (file.name === from ? { ...file, name: to } : file));
    if (active.value === from) active.value = to;
  });
  return true;
}

/** A name that no text has: `name`, or with a number before its ending. */
export function freeName(name: string): string {
  const isTaken = (each: string) => textFiles.value.some((file) => file.name === each);
  const [, stem = "", ending = ""] = /^(.*?)(\.[^.]*)?$/.exec(name) ?? [];
  let free = name;
  for (let n = 2; isTaken(free); n++) free = `${stem}-${n}${ending}`;
  return free;
}

/**
 * Texts that are not on the page, and can come back: those that others took the place of, those of another window, and those that either
 * took the place of.
 */
export interface Aside {
  readonly why: "replaced" | "elsewhere" | "swapped";
  readonly files: Readonly<Record<string, string>>;
  readonly active: string;
}

/** What the editor offers to bring back. */
export const aside = signal<Aside | undefined>(undefined);

/** Replaces all texts, as a link or the example does. Those that were typed can come back. */
export function openProject(files: Readonly<Record<string, string>>, shown: string): void {
  const before = contents();
  const isLost = ([name, text]: readonly [string, string]) =>
    text.trim() !== "" && files[name] !== text && !Object.values<string>(example.files).includes(text);
  const replaced: Aside | undefined = Object.entries(before).some(isLost)
    ? { why: "replaced", files: before, active: active.value }
    : undefined;
  batch(() => {
    textFiles.value = Object.entries(files).map(([name, text]) => textFile(name, text));
    active.value = shown;
    aside.value = replaced;
  });
}

/** Shows the texts that were set aside, and sets the present ones aside. */
export function bringBack(): void {
  const { value: wanted } = aside;
  if (!wanted) return;
  const present: Aside = { why: "swapped", files: contents(), active: active.value };
  openProject(wanted.files, wanted.active);
  aside.value = present;
}

/** A text as its file has it. */
export function fileContent({ text, lineEnd }: TextFile): string {
  return text.value.replaceAll("\n", lineEnd);
}

function contents(): Record<string, string> {
  return Object.fromEntries(textFiles.value.map((file) => [file.name, fileContent(file)]));
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
  const project = { files: contents(), active: active.value } satisfies Kept;
  let isKept = rememberHere("project", project);
  if (!isKept) {
    // The texts matter more than what undo goes back to.
    forget("histories");
    isKept = rememberHere("project", project);
  }
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
whenStoredElsewhere("project", () => {
  const other = recall("project", isKept);
  if (!other || JSON.stringify(other.files) === JSON.stringify(contents())) return;
  if (aside.value?.why !== "elsewhere") say("warning", said().elsewhere);
  aside.value = { why: "elsewhere", ...other };
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
