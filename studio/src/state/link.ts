/** Nets in links: the texts and the settings of the page, compressed, behind the `#` of its address. Nothing is sent anywhere. */

import { texts } from "../settings.js";
import { say } from "./messages.js";
import { phase } from "./net.js";
import { active, openProject, textFiles } from "./project.js";

interface Shared {
  readonly files: Readonly<Record<string, string>>;
  readonly active: string;
  readonly phase: "TRAIN" | "TEST";
}

/** Browsers take addresses of this many characters; some programs for mail and chat take fewer. */
const longest = 64_000;
/** The most characters of a link's texts: more is no net that someone shares, and would fill the memory. */
const largest = 8 << 20;

const t = texts(
  {
    copied:
      "The link is in the clipboard and in the address bar. It holds the texts and the phase, without weights and data.",
    shown: "The link is in the address bar. It holds the texts and the phase, without weights and data.",
    long: (n: number) =>
      `These texts make a link of ${n} characters, more than the ${longest} that browsers take. Share the files instead.`,
    broken: "This link holds no net that could be read: it was cut, or comes from somewhere else.",
  },
  {
    copied: "链接已复制到剪贴板，也在地址栏中。它包含文本和阶段，不含权重和数据。",
    shown: "链接在地址栏中。它包含文本和阶段，不含权重和数据。",
    long: (n: number) => `这些文本的链接有 ${n} 个字符，超过浏览器能接受的 ${longest} 个。请直接分享文件。`,
    broken: "无法从这个链接中读出网络：它被截断了，或者来自别处。",
  },
);

const mark = "net=";

/** Puts the net into the address, and the address into the clipboard. */
export async function share(): Promise<void> {
  const files = Object.fromEntries(textFiles.value.map(({ name, text }) => [name, text.value]));
  const shared: Shared = { files, active: active.value, phase: phase.value };
  const hash = mark + (await packed(JSON.stringify(shared)));
  if (hash.length > longest) return say("error", t().long(hash.length));
  history.replaceState(null, "", `#${hash}`);
  try {
    await navigator.clipboard.writeText(location.href);
    say("info", t().copied);
  } catch {
    say("info", t().shown);
  }
}

/** Opens the net of the address, if it holds one. */
export async function openLink(): Promise<void> {
  const hash = location.hash.slice(1);
  if (!hash.startsWith(mark)) return;
  try {
    const shared: unknown = JSON.parse(await unpacked(hash.slice(mark.length)));
    if (!isShared(shared)) throw new Error();
    openProject(shared.files, shared.active);
    phase.value = shared.phase;
  } catch {
    say("error", t().broken);
  }
}

function isShared(value: unknown): value is Shared {
  const { files, active, phase } = (value ?? {}) as Partial<Shared>;
  if (typeof files !== "object" || files === null || Object.keys(files).length === 0) return false;
  return (
    Object.values(files).every((text) => typeof text === "string") &&
    typeof active === "string" &&
    (phase === "TRAIN" || phase === "TEST")
  );
}

async function packed(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function unpacked(code: string): Promise<string> {
  const binary = atob(code.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (each) => each.charCodeAt(0));
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    // A few bytes can hold a gigabyte of blanks.
    if (text.length > largest) throw new Error();
  }
}
