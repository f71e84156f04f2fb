/** The page: the head, the tour, the text at the left, the views at the right. */
import { useEffect, useRef } from "preact/hooks";
import { Head } from "./head.js";
import { Drop } from "./parts/drop.js";
import { Lazy } from "./parts/lazy.js";
import { Messages } from "./parts/messages.js";
import { texts } from "./settings.js";
import { openLink } from "./state/link.js";
import { isStarted } from "./state/net.js";
import { openServed } from "./state/served.js";
import { Editor } from "./views/editor/index.js";

const t = texts({ skip: "Skip to the views" }, { skip: "跳到视图" });

const tour = async () => (await import("./views/tour/index.js")).Tour;
const graph = async () => (await import("./views/graph/index.js")).Graph;
const train = async () => (await import("./views/train/index.js")).Train;
const norm = async () => (await import("./views/norm/index.js")).Norm;
const tryIt = async () => (await import("./views/try/index.js")).Try;
const weights = async () => (await import("./views/weights/index.js")).Weights;

function start(): void {
  isStarted.value = true;
}

/** The height of the head, which stays when the page is scrolled, in pixels. */
const headHeight = 52;

/** Has the text end at the foot of the screen, whatever of the tour is above it. */
function useTextHeight() {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const fit = () => {
      const { current: text } = place;
      const { top = headHeight } = text?.parentElement?.querySelector(".views")?.getBoundingClientRect() ?? {};
      text?.style.setProperty("--above", `${Math.max(headHeight, top)}px`);
    };
    const watch = new ResizeObserver(fit);
    if (place.current) watch.observe(document.body);
    addEventListener("scroll", fit, { passive: true });
    return () => {
      watch.disconnect();
      removeEventListener("scroll", fit);
    };
  }, []);
  return place;
}

export function App() {
  const text = useTextHeight();
  useEffect(() => {
    void openServed().then(openLink);
    addEventListener("hashchange", () => void openLink());
    // Moka's workers are loaded when the first view is drawn.
    requestAnimationFrame(() => setTimeout(start));
  }, []);
  return (
    <div class="app">
      <a class="button skip" href="#graph">
        {t().skip}
      </a>
      <Head />
      <aside class="tour-place">
        <Lazy load={tour} first={<div class="tour-waiting" />} />
      </aside>
      <div ref={text} class="text-place">
        <Editor />
      </div>
      <main class="views">
        <Drop />
        <Lazy load={graph} />
        <Lazy load={train} />
        <Lazy load={norm} />
        <Lazy load={tryIt} />
        <Lazy load={weights} />
      </main>
      <Messages />
    </div>
  );
}
