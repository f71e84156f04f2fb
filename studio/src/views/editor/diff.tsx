/** Lines that a repair takes away and adds. */
import { useEffect, useState } from "preact/hooks";
import { sayError } from "../../state/messages.js";
import { type Hunk, hunksBetween } from "./changes.js";
import { t } from "./strings.js";

/** The most lines that are shown. */
const most = 300;

const marks = { same: " ", removed: "−", added: "+" } as const;

export function Diff({ before, after }: { readonly before: string; readonly after: string }) {
  const [hunks, setHunks] = useState<readonly Hunk[] | undefined>(undefined);
  useEffect(() => {
    let isWanted = true;
    hunksBetween(before, after).then((found) => isWanted && setHunks(found), sayError);
    return () => {
      isWanted = false;
    };
  }, [before, after]);
  const lines = (hunks ?? []).flatMap(({ line, lines }, i) => [
    { kind: "place" as const, text: t().line(line), key: `${i}` },
    ...lines.map((each, j) => ({ ...each, key: `${i}:${j}` })),
  ]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys too.
    <section class="diff mono" aria-label={t().changes} tabIndex={0} aria-busy={hunks === undefined}>
      {lines.slice(0, most).map(({ kind, text, key }) => (
        <div key={key} class={kind}>
          {kind !== "place" && <span class="mark">{marks[kind]}</span>}
          {text}
        </div>
      ))}
      {lines.length > most && <div class="place">{t().more(lines.length - most)}</div>}
    </section>
  );
}
