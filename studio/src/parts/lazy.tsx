/** A view whose code is loaded after the first view is drawn. Until then its place is kept by what it shows first. */
import type { ComponentType, VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { sayError } from "../state/messages.js";

export function Lazy({ load, first }: { readonly load: () => Promise<ComponentType>; readonly first?: VNode }) {
  const [View, setView] = useState<ComponentType | undefined>(undefined);
  useEffect(() => {
    load().then((view) => setView(() => view), sayError);
  }, [load]);
  return View ? <View /> : (first ?? <div class="waiting" aria-busy="true" />);
}
