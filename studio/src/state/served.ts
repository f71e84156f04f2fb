/**
 * The project of `moka studio`: texts and data of this machine, which the page reads from its server and saves there. A page from any
 * other server has none, and asks for none.
 */
import { batch, signal } from "@preact/signals";
import { texts } from "../settings.js";
import { say, sayError } from "./messages.js";
import { active, addData, fileContent, openProject, textFiles } from "./project.js";
import { recall, remember } from "./storage.js";

interface ServedFile {
  readonly name: string;
  readonly kind: "text" | "data";
  readonly size: number;
  readonly address: string;
  /** Of a text: tells its content on the disk from any other. */
  readonly stamp?: string;
}

interface ServedProject {
  readonly files: readonly ServedFile[];
  readonly active?: string;
  readonly left: readonly string[];
}

const t = texts(
  {
    left: (what: string) => `Not in this page: ${what}`,
    saved: (name: string) => `${name} is saved.`,
    changed: (name: string) =>
      `${name} was changed on the disk since this page read it, so it was not saved. Reload the page: what you typed stays in a tab of its own.`,
    both: (name: string, edited: string) =>
      `${name} was changed on the disk. Its text is open; what you had typed here is in the tab ${edited}.`,
    failed: (name: string, reason: string) => `${name} could not be read: ${reason}`,
  },
  {
    left: (what: string) => `不在本页面中：${what}`,
    saved: (name: string) => `${name} 已保存。`,
    changed: (name: string) =>
      `${name} 在页面读取之后被磁盘上的其他程序改动过，所以没有保存。请重新加载页面：您输入的内容会留在单独的标签页中。`,
    both: (name: string, edited: string) =>
      `${name} 在磁盘上被改动过。现在打开的是磁盘上的文本；您之前输入的内容在标签页 ${edited} 中。`,
    failed: (name: string, reason: string) => `无法读取 ${name}：${reason}`,
  },
);

/** The files that the server can save, by name. */
const served = signal<ReadonlyMap<string, ServedFile>>(new Map());

export function isServed(name: string): boolean {
  return served.value.get(name)?.kind === "text";
}

/** Opens the project of the server, if it has one. */
export async function openServed(): Promise<void> {
  const address = document.querySelector<HTMLMetaElement>('meta[name="moka-project"]')?.content;
  if (!address) return;
  try {
    const project = (await (await fetched(address)).json()) as ServedProject;
    const textual = project.files.filter(({ kind }) => kind === "text");
    const onDisk = await Promise.all(
      textual.map(async (file) => [file, await (await fetched(file.address)).text()] as const),
    );
    if (onDisk.length > 0) openTexts(onDisk, project.active);
    served.value = new Map(project.files.map((file) => [file.name, file]));
    for (const what of project.left) say("warning", t().left(what));
    for (const file of project.files) if (file.kind === "data") await addServed(file);
  } catch (error) {
    sayError(error);
  }
}

/** Texts that were edited and not saved stay as they were typed, unless the file was changed too: then both are there. */
function openTexts(onDisk: readonly (readonly [ServedFile, string])[], shown: string | undefined): void {
  const known = recall("stamps", isStamps) ?? {};
  const typed = new Map(textFiles.value.map((file) => [file.name, fileContent(file)]));
  const files: Record<string, string> = {};
  for (const [{ name, stamp }, text] of onDisk) {
    const mine = typed.get(name);
    const wasRead = name in known;
    if (mine === undefined || mine === text || !wasRead) files[name] = text;
    else if (known[name] === stamp) files[name] = mine;
    else {
      const edited = `${name} (edited)`;
      files[name] = text;
      files[edited] = mine;
      say("warning", t().both(name, edited));
    }
  }
  batch(() => openProject(files, shown ?? active.value));
  remember("stamps", Object.fromEntries(onDisk.map(([{ name, stamp }]) => [name, stamp])));
}

async function addServed({ name, address }: ServedFile): Promise<void> {
  try {
    addData(name, await (await fetched(address)).blob());
  } catch (error) {
    say("error", t().failed(name, error instanceof Error ? error.message : String(error)));
  }
}

async function fetched(address: string, init?: RequestInit): Promise<Response> {
  const response = await fetch(address, init);
  if (!response.ok) throw new Error(`${response.status} ${(await response.text()).trim()}`);
  return response;
}

/** Saves a text where it came from. Returns false if it did not come from the server, or was changed there since. */
export async function saveServed(name: string, text: string): Promise<boolean> {
  const file = served.value.get(name);
  if (file?.kind !== "text" || file.stamp === undefined) return false;
  const response = await fetch(file.address, { method: "PUT", headers: { "X-Moka-Stamp": file.stamp }, body: text });
  if (response.status === 409) {
    say("error", t().changed(name));
    return false;
  }
  if (!response.ok) {
    say("error", (await response.text()).trim());
    return false;
  }
  const { stamp } = (await response.json()) as { readonly stamp: string };
  served.value = new Map([...served.value, [name, { ...file, stamp }]]);
  remember("stamps", { ...recall("stamps", isStamps), [name]: stamp });
  say("info", t().saved(name));
  return true;
}

function isStamps(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "string");
}
