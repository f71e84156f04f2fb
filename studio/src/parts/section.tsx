/** One part of the page under its heading, with its own tools on the same line. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { watchVisible } from "./visible.js";

interface SectionProps {
  readonly id: string;
  readonly title: string;
  /** One line under the heading. */
  readonly about?: string;
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Section({ id, title, about, tools, children }: SectionProps) {
  const element = useRef<HTMLElement>(null);
  useEffect(() => (element.current ? watchVisible(element.current) : undefined), []);
  return (
    <section ref={element} id={id} class="section" aria-labelledby={`${id}-title`}>
      <header class="section-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {tools && <div class="tools">{tools}</div>}
      </header>
      {about && <p class="about">{about}</p>}
      {children}
    </section>
  );
}
