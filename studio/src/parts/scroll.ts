/** Scrolls to a view without touching the address, whose hash may hold a shared net. */
export function scrollToView(event: Event, id: string): void {
  event.preventDefault();
  const view = document.getElementById(id);
  view?.scrollIntoView();
  const heading = view?.querySelector<HTMLElement>("h2");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
}
