/** The tabs of the texts. Delete closes the tab that has the focus, F2 renames it; the arrows go from one to the next. */
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../parts/icons.js";
import { active, activeFile, closeText, freeName, openText, textFiles } from "../../state/project.js";
import { ask } from "./ask.js";
import { rename } from "./session.js";
import { t } from "./strings.js";

export function Tabs() {
  const list = useRef<HTMLDivElement>(null);
  const names = textFiles.value.map(({ name }) => name);
  const shown = activeFile.value?.name;
  const show = (name: string | undefined) => {
    if (name === undefined) return;
    active.value = name;
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus());
  };
  useEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (!tab || !list.current) return;
    const { offsetLeft, offsetWidth } = tab;
    const start = offsetLeft - list.current.offsetLeft;
    const { scrollLeft, clientWidth } = list.current;
    if (shown !== undefined && (start < scrollLeft || start + offsetWidth > scrollLeft + clientWidth))
      list.current.scrollLeft = start - 8;
  }, [shown]);
  const close = (name: string) => {
    closeText(name);
    show(activeFile.value?.name);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (shown === undefined) return;
    const at = names.indexOf(shown);
    const last = names.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[
      event.key
    ];
    if (to !== undefined) show(names[to]);
    else if (event.key === "Delete") close(shown);
    else if (event.key === "F2") askName(shown);
    else return;
    event.preventDefault();
  };
  return (
    <div class="editor-tabs">
      <div ref={list} role="tablist" aria-label={t().files} onKeyDown={onKeyDown}>
        {names.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`tab-${names.indexOf(name)}`}
            aria-selected={name === shown}
            aria-controls="editor-panel"
            aria-keyshortcuts="Delete F2"
            tabIndex={name === shown ? 0 : -1}
            title={`${name}\n${t().tabHint}`}
            onClick={() => {
              active.value = name;
            }}
            onDblClick={() => askName(name)}
          >
            <span class="name">{name}</span>
            {names.length > 1 && (
              <span
                class="close"
                aria-hidden="true"
                title={t().close(name)}
                onClick={(event) => {
                  event.stopPropagation();
                  closeText(name);
                }}
              >
                <Icon name="close" />
              </span>
            )}
          </button>
        ))}
      </div>
      <button type="button" class="plain" aria-label={t().add} title={t().add} onClick={addFile}>
        <Icon name="plus" />
      </button>
    </div>
  );
}

function addFile(): void {
  const name = freeName("new.prototxt");
  openText(name, "");
  askName(name);
}

function askName(name: string): void {
  ask({
    label: t().name,
    value: name,
    answer: (wanted) => (wanted === name || rename(name, wanted) ? undefined : t().taken(wanted)),
  });
}
