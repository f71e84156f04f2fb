/** The editor: the texts in tabs, and what lint finds in the one that is shown. */
import { computed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../parts/icons.js";
import { language } from "../../settings.js";
import { activeFile, aside, bringBack, textFiles } from "../../state/project.js";
import { isServed } from "../../state/served.js";
import { format, save, upgrade } from "./actions.js";
import { Ask } from "./ask.js";
import { findings, followLint } from "./diagnostics.js";
import { Findings } from "./findings.js";
import { caret } from "./reveal.js";
import { currentView, mount } from "./session.js";
import { inLanguage, setup, tabIndents } from "./setup.js";
import { t } from "./strings.js";
import { Tabs } from "./tabs.js";
import "./editor.css";
import "./text.css";

export function Editor() {
  return (
    <section id="editor" class="editor" aria-label={t().title}>
      <div class="editor-head">
        <Tabs />
        <Tools />
      </div>
      <Aside />
      <Ask />
      <Code />
      <p id="editor-hint" class="visually-hidden">
        {t().hint}
      </p>
      <Status />
      <Findings />
    </section>
  );
}

/** Where CodeMirror draws. */
function Code() {
  const place = useRef<HTMLDivElement>(null);
  const { value: words } = language;
  useEffect(() => {
    if (!place.current) return;
    const stop = mount(place.current, setup);
    const stopLint = followLint();
    return () => {
      stopLint();
      stop();
    };
  }, []);
  useEffect(() => {
    void words;
    const view = currentView();
    if (view) inLanguage(view);
  }, [words]);
  const at = textFiles.value.findIndex(({ name }) => name === activeFile.value?.name);
  return (
    <div
      ref={place}
      id="editor-panel"
      class="code"
      data-testid="editor"
      role="tabpanel"
      aria-labelledby={`tab-${at}`}
    />
  );
}

const isLegacy = computed(
  () =>
    (findings.value ?? []).some(({ rule }) => rule === "legacy-format") ||
    /^\s*(?:layers|input|solver_type)\s*[:{]/m.test(activeFile.value?.text.value ?? ""),
);

function Tools() {
  const name = activeFile.value?.name ?? "";
  const isHere = isServed(name);
  return (
    <div class="tools">
      {isLegacy.value && (
        <button type="button" title={t().upgradeTitle} onClick={() => void upgrade()}>
          {t().upgrade}
        </button>
      )}
      <button type="button" title={t().formatTitle} onClick={() => void format()}>
        {t().format}
      </button>
      {isHere ? (
        <button type="button" title={t().saveHereTitle(name)} onClick={() => void save()}>
          {t().saveHere}
        </button>
      ) : (
        <button
          type="button"
          class="plain"
          aria-label={t().saveTitle(name)}
          title={t().saveTitle(name)}
          onClick={() => void save()}
        >
          <Icon name="download" />
        </button>
      )}
    </div>
  );
}

function Status() {
  const view = currentView();
  const { value: offset } = caret;
  const line = view && offset <= view.state.doc.length ? view.state.doc.lineAt(offset) : undefined;
  return (
    <div class="editor-status">
      <span>{t().position(line?.number ?? 1, offset - (line?.from ?? 0) + 1)}</span>
      {tabIndents.value && <span>{t().tabIndents}</span>}
    </div>
  );
}

/** Texts that are not on the page, and can come back. */
function Aside() {
  const { value: left } = aside;
  if (!left) return null;
  return (
    <div class="editor-bar" role="status">
      <span>{t()[left.why]}</span>
      <button type="button" onClick={bringBack}>
        {left.why === "replaced" ? t().bringBack : t().showOther}
      </button>
      <button
        type="button"
        onClick={() => {
          aside.value = undefined;
        }}
      >
        {t().dismiss}
      </button>
    </div>
  );
}
