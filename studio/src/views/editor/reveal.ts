/** What the editor and the other views tell each other: a place of a text to show, and the layer that the caret is in. */
import { computed, signal } from "@preact/signals";
import { active, activeFile, textFiles } from "../../state/project.js";
import { layersOf } from "./layers.js";

/** A place in a text, as offsets of UTF-16 units. */
export interface TextRange {
  /** Default: the text that is shown. */
  readonly file?: string | undefined;
  readonly from: number;
  readonly to: number;
}

/** The place that the editor is to show next; the editor takes it when it is drawn. */
export const wanted = signal<TextRange | undefined>(undefined);
/** The offset of the caret in the text that is shown. */
export const caret = signal(0);

const layers = computed(() => layersOf(activeFile.value?.text.value ?? ""));

/** The name of the layer that the caret is in, if it is in one that has a name. */
export const caretLayer = computed(() => {
  const at = caret.value;
  return layers.value.find(({ from, to }) => from <= at && at <= to)?.name || undefined;
});

/** Shows a place of a text: its tab, with the place selected, in view, and with the focus. */
export function reveal(range: TextRange): void {
  if (range.file !== undefined && textFiles.value.some(({ name }) => name === range.file)) active.value = range.file;
  wanted.value = range;
}

/** Shows a layer of the text that is shown, or of another. Returns false if no layer has this name. */
export function revealLayer(name: string, file = activeFile.value?.name): boolean {
  const text = textFiles.value.find((each) => each.name === file)?.text.value ?? "";
  const found = layersOf(text).find((layer) => layer.name === name);
  if (found) reveal({ file, from: found.from, to: found.from });
  return found !== undefined;
}
