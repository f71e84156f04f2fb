/** What undo goes back to, kept in the browser beside the texts. */
import { historyField } from "@codemirror/commands";
import { EditorState, type Extension } from "@codemirror/state";
import { recallHere, rememberHere } from "../../state/storage.js";

interface Kept {
  /** The text that the history belongs to, as `fingerprint` has it. */
  readonly of: string;
  readonly selection: unknown;
  readonly history: unknown;
}

type AllKept = Readonly<Record<string, Kept>>;

/** The longest history that is kept, in characters: the browser's room is for the texts. */
const longest = 400_000;

/** The state of a text: with the history that was kept for it, if the text is the same as then. */
export function stateOf(name: string, text: string, extensions: Extension): EditorState {
  const kept = recallHere("histories", isAllKept)?.[name];
  if (kept && kept.of === fingerprint(text)) {
    try {
      const json = { doc: text, selection: kept.selection, history: kept.history };
      return EditorState.fromJSON(json, { extensions }, { history: historyField });
    } catch {
      // It was written by another version of the page.
    }
  }
  return EditorState.create({ doc: text, extensions });
}

/**
 * Keeps the histories of these texts.
 *
 * @param others texts that were not shown in this visit: theirs stay as they were kept; all others are forgotten
 */
export function keepHistories(
  states: Iterable<readonly [name: string, state: EditorState]>,
  others: readonly string[],
): void {
  const before = recallHere("histories", isAllKept) ?? {};
  const all: Record<string, Kept> = {};
  for (const name of others) if (before[name]) all[name] = before[name];
  for (const [name, state] of states) {
    const { doc, selection, history } = state.toJSON({ history: historyField });
    if (JSON.stringify(history).length <= longest) all[name] = { of: fingerprint(doc), selection, history };
  }
  rememberHere("histories", all);
}

/** Tells a text from another: its length, and a hash (FNV-1a, 32 bits). */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return `${text.length}:${hash >>> 0}`;
}

function isAllKept(value: unknown): value is AllKept {
  return typeof value === "object" && value !== null && Object.values(value).every(isKept);
}

function isKept(value: unknown): value is Kept {
  return typeof value === "object" && value !== null && "of" in value && "history" in value && "selection" in value;
}
