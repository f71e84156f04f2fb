/** What CodeMirror does in this page: its parts, its keys, its words in the reader's language. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import {
  bracketMatching,
  codeFolding,
  foldGutter,
  foldKeymap,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, nextDiagnostic, previousDiagnostic } from "@codemirror/lint";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  type KeyBinding,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { signal } from "@preact/signals";
import { language } from "../../settings.js";
import { format, save } from "./actions.js";
import { phrasesEn, phrasesZh } from "./phrases.js";
import { prototxt } from "./prototxt.js";
import { questions } from "./questions.js";
import { searchKeys, searchPlace } from "./search.js";
import { t } from "./strings.js";

/** Whether the Tab key indents. At first it goes to the next control, so that no reader is caught in the text. */
export const tabIndents = signal(false);

/** Escape that nothing else has used. */
const toggleTab: KeyBinding = {
  key: "Escape",
  run: (view) => {
    tabIndents.value = !tabIndents.value;
    view.setTabFocusMode(!tabIndents.value);
    view.dispatch({ effects: EditorView.announce.of(tabIndents.value ? t().tabIndents : t().tabMoves) });
    return true;
  },
};

const ownKeys: readonly KeyBinding[] = [
  { key: "Mod-s", preventDefault: true, run: () => done(save()) },
  { key: "Shift-Alt-f", preventDefault: true, run: () => done(format()) },
  { key: "F8", run: nextDiagnostic, shift: previousDiagnostic },
];

function done(_: unknown): true {
  return true;
}

const words = new Compartment();

function wordsNow(): Extension {
  const isChinese = language.peek() === "zh";
  return [
    EditorState.phrases.of(isChinese ? phrasesZh : phrasesEn),
    EditorView.contentAttributes.of({ "aria-label": t().title, "aria-describedby": "editor-hint", tabindex: "0" }),
  ];
}

/** Gives a state the words of the language that the page has now. */
export function inLanguage(view: EditorView): void {
  view.dispatch({ effects: words.reconfigure(wordsNow()) });
}

export function setup(text: string): Extension {
  return [
    words.of(wordsNow()),
    lineNumbers(),
    lintGutter(),
    foldGutter({ openText: "▾", closedText: "▸" }),
    codeFolding(),
    history(),
    highlightSpecialChars(),
    drawSelection(),
    dropCursor(),
    EditorState.allowMultipleSelections.of(true),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    prototxt(text),
    syntaxHighlighting(classHighlighter),
    questions,
    searchPlace,
    keymap.of([...ownKeys, ...searchKeys, ...defaultKeymap, ...historyKeymap, ...foldKeymap, indentWithTab, toggleTab]),
  ];
}
