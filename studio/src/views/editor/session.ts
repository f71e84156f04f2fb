/**
 * The texts as CodeMirror has them: one view, and for each text a state with its selection and its history. The project's signals and
 * these states follow each other.
 */
import { isolateHistory } from "@codemirror/commands";
import { Annotation, type ChangeSpec, type EditorState, type Extension, type TransactionSpec } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { effect } from "@preact/signals";
import { activeFile, renameText, textFiles } from "../../state/project.js";
import { keepHistories, stateOf } from "./histories.js";
import { caret, wanted } from "./reveal.js";

/** Marks what another part of the page has changed. */
const fromOutside = Annotation.define<boolean>();

let view: EditorView | undefined;
/** The name of the text that the view shows. */
let shown: string | undefined;
const states = new Map<string, EditorState>();

/** When the text that is shown last changed, as `performance.now` counts. */
export let lastChange: number | undefined;

export function currentView(): EditorView | undefined {
  return view;
}

/** Draws the editor into `parent`. Returns a function that takes it away. */
export function mount(parent: HTMLElement, extensions: (text: string) => Extension): () => void {
  const withSync = (text: string) => [extensions(text), sync];
  view = new EditorView({ parent });
  // Tab goes on to the next control until the reader asks for more.
  view.setTabFocusMode(true);
  const stop = effect(() => {
    const { value: file } = activeFile;
    if (file) show(file.name, file.text.value, withSync);
  });
  const stopReveal = effect(() => {
    const { value: place } = wanted;
    if (!place || !view) return;
    wanted.value = undefined;
    const end = view.state.doc.length;
    const [from, to] = [Math.min(place.from, end), Math.min(place.to, end)];
    // The caret is at the start, so that a long place is seen from its first line.
    view.dispatch({
      selection: { anchor: to, head: from },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
    });
    const { top, bottom } = view.dom.getBoundingClientRect();
    if (bottom < 80 || top > innerHeight - 80) view.dom.scrollIntoView({ block: "center" });
    view.focus();
  });
  addEventListener("pagehide", keep);
  return () => {
    stop();
    stopReveal();
    removeEventListener("pagehide", keep);
    keep();
    view?.destroy();
    [view, shown] = [undefined, undefined];
  };
}

function show(name: string, text: string, extensions: (text: string) => Extension): void {
  if (!view) return;
  if (shown !== name) {
    if (shown !== undefined) states.set(shown, view.state);
    for (const each of states.keys()) if (!textFiles.peek().some((file) => file.name === each)) states.delete(each);
    shown = name;
    view.setState(states.get(name) ?? stateOf(name, text, extensions(text)));
    caret.value = view.state.selection.main.head;
  }
  const now = view.state.doc.toString();
  if (now === text) return;
  // What another part of the page wrote is one step of undo.
  view.dispatch({
    changes: changeBetween(now, text),
    annotations: [fromOutside.of(true), isolateHistory.of("full")],
  });
}

const sync = EditorView.updateListener.of(({ docChanged, selectionSet, state, transactions }) => {
  if (selectionSet || docChanged) caret.value = state.selection.main.head;
  if (!docChanged) return;
  lastChange = performance.now();
  keepSoon();
  if (transactions.every((each) => each.annotation(fromOutside))) return;
  const file = textFiles.peek().find(({ name }) => name === shown);
  if (file) file.text.value = state.doc.toString();
});

/** One change from one text to the other: all but what is equal at both ends. */
export function changeBetween(before: string, after: string): ChangeSpec {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before[before.length - tail - 1] === after[after.length - tail - 1]) tail++;
  return { from: head, to: before.length - tail, insert: after.slice(head, after.length - tail) };
}

/** Changes the text that is shown, as one step of undo. */
export function change(spec: TransactionSpec): void {
  view?.dispatch({ ...spec, annotations: isolateHistory.of("full"), userEvent: "input.moka" });
}

/** Gives a text another name; its history goes along. */
export function rename(from: string, to: string): boolean {
  const state = states.get(from);
  const before = shown;
  if (shown === from) shown = to;
  if (!renameText(from, to)) {
    shown = before;
    return false;
  }
  states.delete(from);
  if (state) states.set(to, state);
  keepSoon();
  return true;
}

/** Histories are kept this long after the last change, in ms: later than the texts, which matter more. */
const quiet = 300;
let waiting: ReturnType<typeof setTimeout> | undefined;

function keepSoon(): void {
  clearTimeout(waiting);
  waiting = setTimeout(keep, quiet);
}

function keep(): void {
  clearTimeout(waiting);
  if (view && shown !== undefined) states.set(shown, view.state);
  const names = textFiles.peek().map(({ name }) => name);
  keepHistories(
    [...states].filter(([name]) => names.includes(name)),
    names.filter((name) => !states.has(name)),
  );
}
