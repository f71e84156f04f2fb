/** One line that the editor asks for, under its tabs: the name of a file, or of a layer or blob. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { activeFile } from "../../state/project.js";
import { currentView } from "./session.js";
import { t } from "./strings.js";

interface Question {
  readonly label: string;
  readonly value: string;
  /** Returns why the answer cannot be taken, if it cannot. */
  readonly answer: (value: string) => string | undefined;
}

/** A question about the text that was shown when it was asked. */
interface Asked extends Question {
  readonly file: string | undefined;
}

const question = signal<Asked | undefined>(undefined);
const refusal = signal<string | undefined>(undefined);

export function ask(asked: Question): void {
  refusal.value = undefined;
  question.value = { ...asked, file: activeFile.value?.name };
}

function end(): void {
  question.value = undefined;
  currentView()?.focus();
}

export function Ask() {
  const { value: asked } = question;
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    // The ending of a file's name seldom changes.
    input.current?.setSelectionRange(0, asked?.value.replace(/\.[^.]*$/, "").length ?? 0);
  }, [asked]);
  if (!asked || asked.file !== activeFile.value?.name) return null;
  const submit = (event: Event) => {
    event.preventDefault();
    refusal.value = asked.answer(input.current?.value.trim() ?? "");
    if (refusal.value === undefined) end();
  };
  return (
    <form class="editor-bar" onSubmit={submit} onKeyDown={({ key }) => key === "Escape" && end()}>
      <label for="editor-ask">{asked.label}</label>
      <input
        id="editor-ask"
        ref={input}
        type="text"
        spellcheck={false}
        autocomplete="off"
        defaultValue={asked.value}
        aria-describedby="editor-refusal"
      />
      <button type="submit" class="primary">
        {t().ok}
      </button>
      <button type="button" onClick={end}>
        {t().cancel}
      </button>
      <span id="editor-refusal" role="status">
        {refusal.value}
      </span>
    </form>
  );
}
