/** The search panel, loaded when its keys are first pressed. */
import { Compartment, type Extension } from "@codemirror/state";
import { type Command, type EditorView, type KeyBinding, keymap } from "@codemirror/view";
import { sayError } from "../../state/messages.js";

type SearchModule = typeof import("@codemirror/search");

const searching = new Compartment();
let loaded: SearchModule | undefined;

/** The place of the search in a state, where it is put when it is first used. */
export const searchPlace: Extension = searching.of([]);

function withSearch(run: (search: SearchModule) => Command): Command {
  return (view) => {
    start(view, run).catch(sayError);
    return true;
  };
}

async function start(view: EditorView, run: (search: SearchModule) => Command): Promise<void> {
  loaded ??= await import("@codemirror/search");
  if ((searching.get(view.state) as readonly unknown[] | undefined)?.length === 0)
    view.dispatch({ effects: searching.reconfigure([loaded.search({ top: true }), keymap.of(loaded.searchKeymap)]) });
  run(loaded)(view);
}

export const searchKeys: readonly KeyBinding[] = [
  { key: "Mod-f", run: withSearch((search) => search.openSearchPanel) },
  { key: "F3", run: withSearch((search) => search.findNext), shift: withSearch((search) => search.findPrevious) },
  { key: "Mod-g", run: withSearch((search) => search.findNext), shift: withSearch((search) => search.findPrevious) },
  { key: "Mod-d", preventDefault: true, run: withSearch((search) => search.selectNextOccurrence) },
  { key: "Mod-Alt-g", run: withSearch((search) => search.gotoLine) },
];
