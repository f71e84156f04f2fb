/** What Moka's worker knows of a place in the text: completion, hover, definition, other occurrences, new names. */
import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeCompletion,
  completionKeymap,
  type Completion as Option,
  selectedCompletion,
} from "@codemirror/autocomplete";
import { type Extension, Prec, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  hoverTooltip,
  type KeyBinding,
  keymap,
  ViewPlugin,
} from "@codemirror/view";
import { latest } from "../../state/latest.js";
import { say, sayError } from "../../state/messages.js";
import { answers } from "../../state/moka.js";
import { isStarted } from "../../state/net.js";
import { dataFiles, textFiles } from "../../state/project.js";
import { ask } from "./ask.js";
import { markdownElement } from "./markdown.js";
import { isTyping } from "./prototxt.js";
import { reveal } from "./reveal.js";
import { change } from "./session.js";
import { t } from "./strings.js";

const kinds = {
  field: "property",
  message: "class",
  value: "enum",
  type: "type",
  blob: "variable",
  layer: "function",
  file: "text",
} as const;

async function complete({ state, pos, explicit, view }: CompletionContext): Promise<CompletionResult | null> {
  const line = state.doc.lineAt(pos);
  if (!explicit && !isTyping(line.text.slice(0, pos - line.from))) return null;
  const files = [...textFiles.value, ...dataFiles.value].map(({ name }) => name);
  const found = await answers().completionsAt(state.doc.toString(), pos, { files });
  const [first] = found;
  if (!first || view?.composing) return null;
  const options = found.map(({ label, kind, detail, documentation, insert, caret, from, to }): Option => {
    return {
      label,
      type: kinds[kind],
      ...(detail === undefined ? {} : { detail }),
      ...(documentation === undefined ? {} : { info: () => markdownElement(documentation) }),
      apply: (view) => {
        // What was typed since the answer belongs to the word.
        const end = Math.max(to, view.state.selection.main.head);
        const anchor = from + (caret ?? insert.length);
        view.dispatch({ changes: { from, to: end, insert }, selection: { anchor }, userEvent: "input.complete" });
      },
    };
  });
  return { from: first.from, options, validFor: /^[\w./-]*$/ };
}

/** Enter takes what is chosen, unless that is what stands there already: then it ends the line. */
function enter(view: EditorView): boolean {
  const chosen = selectedCompletion(view.state);
  const { head } = view.state.selection.main;
  const word = /[\w./-]*$/.exec(view.state.sliceDoc(Math.max(0, head - 200), head))?.[0];
  if (chosen && word === chosen.label) closeCompletion(view);
  return false;
}

const hover = hoverTooltip(async ({ state }, pos) => {
  const found = await answers().hoverAt(state.doc.toString(), pos);
  if (!found) return null;
  return {
    pos: found.from,
    end: found.to,
    above: true,
    create: () => {
      const dom = markdownElement(found.markdown);
      dom.classList.add("hover");
      return { dom };
    },
  };
});

/** Goes to where the name at an offset is defined. */
async function goToDefinition(view: EditorView, offset: number): Promise<void> {
  const [target] = await answers().definitionsAt(view.state.doc.toString(), offset);
  if (!target) return say("info", t().noDefinition);
  const isHere = target.file === undefined || textFiles.value.some(({ name }) => name === target.file);
  if (isHere) reveal(target);
  else say("info", t().noFile(target.file ?? ""));
}

async function rename(view: EditorView, offset: number): Promise<void> {
  const text = view.state.doc.toString();
  const range = await answers().renameRangeAt(text, offset);
  if (!range) return say("info", t().noRename);
  const value = text.slice(range.from, range.to);
  ask({
    label: t().renameTo,
    value,
    answer: (name) => {
      answers()
        .renameAt(text, offset, name)
        .then((renamed) => {
          if ("refused" in renamed) return say("warning", renamed.refused);
          if (view.state.doc.toString() !== text) return;
          const changes = renamed.edits.map(({ start, end, replacement }) => ({
            from: start,
            to: end,
            insert: replacement,
          }));
          change({ changes });
          say("info", t().renamed(changes.length));
        })
        .catch(sayError);
      return undefined;
    },
  });
}

const setOccurrences = StateEffect.define<readonly { readonly from: number; readonly to: number }[]>();

const occurrences = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects)
      if (effect.is(setOccurrences))
        return Decoration.set(
          effect.value.map(({ from, to }) => occurrence.range(from, to)),
          true,
        );
    return transaction.docChanged ? marks.map(transaction.changes) : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const occurrence = Decoration.mark({ class: "cm-occurrence" });

/** The caret rests this long before its occurrences are asked for, in ms. */
const rest = 200;

const followCaret = ViewPlugin.define((view) => {
  const find = latest((text: string, offset: number) => answers().occurrencesAt(text, offset));
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const look = async () => {
    const { doc, selection } = view.state;
    const found = selection.main.empty && isStarted.value ? await find(doc.toString(), selection.main.head) : [];
    // An answer about another text is for marks that are not there any more.
    if (!found || view.state.doc !== doc) return;
    const marks = found.filter(({ from, to }) => from < to);
    if (marks.length > 0 || view.state.field(occurrences).size > 0)
      view.dispatch({ effects: setOccurrences.of(marks) });
  };
  return {
    update({ docChanged, selectionSet }) {
      if (!docChanged && !selectionSet) return;
      clearTimeout(waiting);
      waiting = setTimeout(() => look().catch(sayError), rest);
    },
    destroy: () => clearTimeout(waiting),
  };
});

const keys: readonly KeyBinding[] = [
  { key: "F12", run: (view) => asked(goToDefinition(view, view.state.selection.main.head)) },
  { key: "F2", run: (view) => asked(rename(view, view.state.selection.main.head)) },
];

function asked(question: Promise<void>): true {
  question.catch(sayError);
  return true;
}

const pointer = EditorView.domEventHandlers({
  mousedown: (event, view) => {
    if (event.button !== 0 || !(event.ctrlKey || event.metaKey)) return false;
    const offset = view.posAtCoords({ x: event.clientX, y: event.clientY });
    if (offset === null) return false;
    event.preventDefault();
    return asked(goToDefinition(view, offset));
  },
});

export const questions: Extension = [
  autocompletion({ override: [complete], defaultKeymap: false, icons: false, maxRenderedOptions: 100 }),
  hover,
  occurrences,
  followCaret,
  pointer,
  Prec.high(keymap.of([{ key: "Enter", run: enter }, ...completionKeymap])),
  keymap.of(keys),
];
