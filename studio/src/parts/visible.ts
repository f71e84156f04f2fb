/** Which parts of the page are on the screen: what nobody sees is neither measured nor drawn. */
import { signal } from "@preact/signals";

export const visible = signal<ReadonlySet<string>>(new Set());

const watch = new IntersectionObserver(
  (entries) => {
    const next = new Set(visible.peek());
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) next.add(target.id);
      else next.delete(target.id);
    }
    visible.value = next;
  },
  { rootMargin: "100px" },
);

/** Watches an element with an id. Returns a function that ends this. */
export function watchVisible(element: Element): () => void {
  watch.observe(element);
  return () => watch.unobserve(element);
}
