/** What lint found in the text that is shown: where, why, and the repair, whose change is shown first. */
import { signal } from "@preact/signals";
import type { FoundProblem } from "moka-caffe";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../parts/icons.js";
import { checked } from "../../state/net.js";
import { activeFile, dataFiles } from "../../state/project.js";
import { applyFix, fixAll, outcome, repaired, undoOutcome } from "./actions.js";
import { findings, isListOpen, keyOf, opened, proposed } from "./diagnostics.js";
import { Diff } from "./diff.js";
import { spanOf } from "./places.js";
import { reveal } from "./reveal.js";
import { currentView } from "./session.js";
import { t } from "./strings.js";
import "./findings.css";

/** The findings that are listed at first. */
const first = 200;
/** The text whose findings are all listed. */
const listsAll = signal<string | undefined>(undefined);

export function Findings() {
  const { value: found } = findings;
  const all = found ?? [];
  const count = (severity: FoundProblem["severity"]) => all.filter((each) => each.severity === severity).length;
  const fixable = all.filter(({ fix }) => fix && fix.edits.length > 0).length;
  const file = activeFile.value?.name;
  // One that was opened in the text is listed in any case.
  const last = all.length > first ? all.findIndex((each) => keyOf(each) === opened.value) + 1 : 0;
  const listed = listsAll.value === file ? all : all.slice(0, Math.max(first, last));
  return (
    <section class={`findings${isListOpen.value ? "" : " closed"}`} aria-labelledby="findings-title">
      <header>
        <h2 id="findings-title">{t().findings}</h2>
        <span class="muted" role="status">
          {found === undefined
            ? t().waiting
            : all.length === 0
              ? t().none
              : t().count(count("error"), count("warning"), count("info"))}
        </span>
        <button type="button" data-testid="fix-all" disabled={fixable === 0} onClick={() => void fixAll()}>
          {fixable > 0 ? t().fixAllCount(fixable) : t().fixAll}
        </button>
        <button
          type="button"
          class="plain"
          aria-expanded={isListOpen.value}
          aria-controls="findings-list"
          aria-label={isListOpen.value ? t().hide : t().show}
          title={isListOpen.value ? t().hide : t().show}
          onClick={() => {
            isListOpen.value = !isListOpen.value;
          }}
        >
          <Icon name={isListOpen.value ? "down" : "up"} />
        </button>
      </header>
      <div id="findings-list" class="body" hidden={!isListOpen.value}>
        {outcome.value?.file === file && <Done />}
        <ul data-testid="findings" aria-labelledby="findings-title">
          {listed.map((finding) => (
            <Item key={keyOf(finding)} finding={finding} />
          ))}
        </ul>
        {listed.length < all.length && (
          <button
            type="button"
            class="all"
            onClick={() => {
              listsAll.value = file;
            }}
          >
            {t().showAll(all.length)}
          </button>
        )}
      </div>
    </section>
  );
}

function Item({ finding }: { readonly finding: FoundProblem }) {
  const { rule, severity, line, message, why, fix } = finding;
  const key = keyOf(finding);
  const isOpened = opened.value === key;
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    const list = item.current?.closest<HTMLElement>(".body");
    // The page itself stays where it is.
    if (isOpened && list && item.current) list.scrollTop = item.current.offsetTop - list.offsetTop;
  }, [isOpened]);
  const repairsText = fix !== undefined && fix.edits.length > 0;
  // What repairs the weights stays in the worker; that there is something is known here.
  const repairsWeights = fix !== undefined && "weights" in fix;
  const hasWeights = dataFiles.value.some(({ name }) => /\.caffemodel(?:\.h5)?$/.test(name));
  return (
    <li ref={item} data-rule={rule} class={severity}>
      <div class="finding">
        <button
          type="button"
          class="plain go"
          aria-expanded={isOpened}
          onClick={() => {
            opened.value = isOpened ? undefined : key;
            proposed.value = undefined;
            goTo(finding);
          }}
        >
          <span class="severity">
            <Icon name={severity} />
            <span class="visually-hidden">{t()[severity]}</span>
          </span>
          <span class="what">{message}</span>
          <span class="place">{t().line(line)}</span>
        </button>
        {repairsText && (
          <button
            type="button"
            class="fix"
            aria-label={t().fixOf(message)}
            onClick={() => {
              opened.value = key;
              proposed.value = key;
            }}
          >
            {t().fix}
          </button>
        )}
      </div>
      {isOpened && (
        <div class="more">
          {proposed.value === key && <Proposal finding={finding} />}
          {why && <p>{why}</p>}
          {hasWeights && repairsWeights && <p>{repairsText ? t().weights : t().onlyWeights}</p>}
          <small>{rule}</small>
        </div>
      )}
    </li>
  );
}

function goTo(finding: FoundProblem): void {
  const view = currentView();
  if (view) reveal(spanOf(view.state.doc, finding));
}

/** What the repair of one finding changes, before it does. */
function Proposal({ finding }: { readonly finding: FoundProblem }) {
  const apply = useRef<HTMLButtonElement>(null);
  useEffect(() => apply.current?.focus(), []);
  const before = checked.value?.text ?? "";
  const after = repaired(before, finding);
  if (after === undefined) return null;
  const end = () => {
    proposed.value = undefined;
    currentView()?.focus();
  };
  return (
    <>
      <Diff before={before} after={after} />
      <div class="row">
        <button
          ref={apply}
          type="button"
          class="primary"
          onClick={() => void applyFix(before, after).then((isDone) => isDone && end())}
        >
          {t().apply}
        </button>
        <button type="button" onClick={end}>
          {t().cancel}
        </button>
      </div>
    </>
  );
}

/** What was changed at once, with the way back. */
function Done() {
  const { value: done } = outcome;
  if (!done) return null;
  const isLast = activeFile.value?.text.value === done.after;
  return (
    <div class="done" role="status">
      <div class="row">
        <strong>{done.said}</strong>
        {isLast && (
          <button type="button" onClick={undoOutcome}>
            {t().undo}
          </button>
        )}
        <button
          type="button"
          onClick={() => {
            outcome.value = undefined;
          }}
        >
          {t().closeDiff}
        </button>
      </div>
      <Diff before={done.before} after={done.after} />
    </div>
  );
}
