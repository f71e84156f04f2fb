/** Squiggles and gutter marks: what lint found in the text that is shown. */
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { computed, effect, signal } from "@preact/signals";
import type { FoundProblem } from "moka-caffe";
import { language } from "../../settings.js";
import { checked } from "../../state/net.js";
import { activeFile } from "../../state/project.js";
import { spanOf } from "./places.js";
import { currentView, lastChange } from "./session.js";
import { t } from "./strings.js";

/** What lint found in the text that is shown, in the reader's language; undefined until it was checked. */
export const findings = computed<readonly FoundProblem[] | undefined>(() => {
  const { value: found } = checked;
  return found && found.file === activeFile.value?.name ? found.findings : undefined;
});

/** Whether the list of the findings is shown. */
export const isListOpen = signal(true);
/** The finding that is open in the list, by its key. */
export const opened = signal<string | undefined>(undefined);
/** The finding whose repair is shown, by its key. */
export const proposed = signal<string | undefined>(undefined);

/** Tells a finding from the others of its text. */
export function keyOf({ rule, line, column, message }: FoundProblem): string {
  return `${rule} ${line}:${column} ${message}`;
}

/** The most that are marked in the text: more would keep the page from drawing, and no reader looks at each. */
const most = 2000;

/** Has the marks follow what lint finds. Returns a function that ends this. */
export function followLint(): () => void {
  return effect(() => {
    const { value: found } = checked;
    const view = currentView();
    void language.value;
    if (!found || !view || found.file !== activeFile.value?.name) return;
    const { doc } = view.state;
    // An answer about an older text is dropped: CodeMirror has moved the marks with the text, and the next answer is on its way.
    if (found.text.length !== doc.length || found.text !== doc.toString()) return;
    const marks = found.findings.slice(0, most).map((finding): Diagnostic => {
      const { from, to } = spanOf(doc, finding);
      return { from, to, severity: finding.severity, message: finding.message, renderMessage: () => tooltip(finding) };
    });
    view.dispatch(setDiagnostics(view.state, marks));
    measure();
  });
}

/** Measures are kept until there are so many. */
const mostMeasures = 500;
let measures = 0;

/** How long it took from the last change of the text to its marks, for `performance.getEntriesByName("moka-lint")`. */
function measure(): void {
  if (lastChange === undefined) return;
  if (++measures % mostMeasures === 0) performance.clearMeasures("moka-lint");
  performance.measure("moka-lint", { start: lastChange });
}

function tooltip(finding: FoundProblem): HTMLElement {
  const { rule, message, why, fix } = finding;
  const box = document.createElement("div");
  box.className = "said";
  box.append(make("strong", message), make("p", why), make("small", rule));
  if (fix && fix.edits.length > 0) {
    const button = make("button", t().fix);
    button.addEventListener("click", () => {
      isListOpen.value = true;
      opened.value = keyOf(finding);
      proposed.value = keyOf(finding);
    });
    box.append(button);
  }
  return box;
}

function make<Name extends keyof HTMLElementTagNameMap>(name: Name, text: string): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
