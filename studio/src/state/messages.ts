/** What the page says to its reader: one list, shown at the foot of the page and read aloud by screen readers. */
import { signal } from "@preact/signals";
import { MokaError } from "moka-caffe/worker";

export type Severity = "error" | "warning" | "info";

export interface Message {
  readonly id: number;
  readonly severity: Severity;
  readonly text: string;
}

/** The most that are kept: an older one gives way. */
const most = 5;
let last = 0;

export const messages = signal<readonly Message[]>([]);

/** Says something. The same text is said once, at the end of the list. */
export function say(severity: Severity, text: string): void {
  const others = messages.value.filter((message) => message.text !== text);
  messages.value = [...others, { id: ++last, severity, text }].slice(-most);
}

export function dismiss(id: number): void {
  messages.value = messages.value.filter((message) => message.id !== id);
}

/** Says what went wrong. An error of Moka says its place, its layers and its blobs itself. */
export function sayError(error: unknown, what?: string): void {
  if (error instanceof DOMException && error.name === "AbortError") return;
  const text = error instanceof MokaError || error instanceof Error ? error.message : String(error);
  say("error", what === undefined ? text : `${what}: ${text}`);
}
