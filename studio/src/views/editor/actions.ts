/** What the editor does to the text that is shown, each as one step of undo. */
import { undo } from "@codemirror/commands";
import { signal } from "@preact/signals";
import type { FoundProblem } from "moka-caffe";
import { applyEdits } from "moka-caffe/worker";
import { save as download } from "../../parts/save.js";
import { say, sayError } from "../../state/messages.js";
import { answers } from "../../state/moka.js";
import { lintOptions } from "../../state/net.js";
import { activeFile, fileContent, type TextFile } from "../../state/project.js";
import { isServed, saveServed } from "../../state/served.js";
import { changesBetween } from "./changes.js";
import { change, currentView } from "./session.js";
import { t } from "./strings.js";

/** A change that was made, and that the reader can look at. */
export interface Outcome {
  readonly file: string;
  readonly said: string;
  readonly before: string;
  readonly after: string;
}

export const outcome = signal<Outcome | undefined>(undefined);

/** Makes `after` of the text that is shown. */
async function replaceText(file: TextFile, before: string, after: string, said: string): Promise<void> {
  const changes = await changesBetween(before, after);
  // Who types meanwhile has another text: the change is not for that one.
  if (file.text.value !== before || activeFile.value !== file) return;
  change({ changes: [...changes] });
  outcome.value = { file: file.name, said, before, after };
}

/** Repairs all that can be repaired in the text that is shown. */
export async function fixAll(): Promise<void> {
  const { value: file } = activeFile;
  if (!file) return;
  try {
    const before = file.text.value;
    const { text, fixed } = await answers().fix(withEnd(before), lintOptions(file.name, before));
    const after = before.endsWith("\n") ? text : text.replace(/\n$/, "");
    if (after === before) say("info", t().noneFixed);
    else await replaceText(file, before, after, t().fixed(fixed.length));
  } catch (error) {
    sayError(error);
  }
}

/** A text without any line end would be taken for a path. */
function withEnd(text: string): string {
  return text.includes("\n") ? text : `${text}\n`;
}

/** The text after the repair of a finding in it; undefined if nothing of the text is repaired. */
export function repaired(text: string, { fix }: FoundProblem): string | undefined {
  return fix && fix.edits.length > 0 ? applyEdits(text, fix.edits) : undefined;
}

/** Repairs a finding in the text that it was found in. Returns false if the text is another one by now. */
export async function applyFix(before: string, after: string): Promise<boolean> {
  const view = currentView();
  if (!view || view.state.doc.toString() !== before) return false;
  const changes = await changesBetween(before, after);
  if (view.state.doc.toString() !== before) return false;
  change({ changes: [...changes], scrollIntoView: true });
  return true;
}

/** Takes the last outcome back, if nothing was typed since. */
export function undoOutcome(): void {
  const view = currentView();
  const { value: made } = outcome;
  if (view && made && view.state.doc.toString() === made.after) undo(view);
  outcome.value = undefined;
}

export async function upgrade(): Promise<void> {
  const { value: file } = activeFile;
  if (!file) return;
  try {
    const before = file.text.value;
    const { text, left } = await answers().upgradeText(before);
    for (const what of left) say("warning", t().upgradeLost(what));
    await replaceText(file, before, text, t().upgraded);
  } catch (error) {
    sayError(error, t().upgradeBroken);
  }
}

export async function format(): Promise<void> {
  const { value: file } = activeFile;
  if (!file) return;
  try {
    const before = file.text.value;
    const { text, refused } = await answers().formatPrototxt(before);
    if (refused !== undefined) say("warning", t().formatRefused(refused));
    else if (text === before) say("info", t().formattedAlready);
    else await replaceText(file, before, text, t().formatted);
  } catch (error) {
    sayError(error);
  }
}

/** Saves the text that is shown: where it came from, or else as a download. */
export async function save({ value: file } = activeFile): Promise<void> {
  if (!file) return;
  try {
    if (isServed(file.name)) await saveServed(file.name, fileContent(file));
    else download(file.name, fileContent(file));
  } catch (error) {
    sayError(error);
  }
}
