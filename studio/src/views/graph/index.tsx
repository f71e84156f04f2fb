/** The view of the net as a graph: what it shows is chosen above, panned and zoomed in the middle, and told below. */
import { signal } from "@preact/signals";
import type { TargetedPointerEvent, TargetedWheelEvent } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Icon } from "../../parts/icons.js";
import { Section } from "../../parts/section.js";
import { phase, stages, summary, summaryError } from "../../state/net.js";
import { netFile } from "../../state/project.js";
import { BoxNode, EdgeWay, Selected } from "./drawing.js";
import { savePng, saveSvg } from "./export.js";
import { type Cost, short } from "./model.js";
import {
  closed,
  cost,
  drawn,
  foldAll,
  goToText,
  isMeasuring,
  matches,
  model,
  open,
  peaks,
  search,
  selected,
  step,
} from "./state.js";
import { t } from "./strings.js";
import { fitted, isNear, showing, type View, zoomed } from "./view.js";
import "./graph.css";

const view = signal<View>({ zoom: 1, x: 0, y: 0 });
const window = signal({ width: 700, height: 520 });
/** Above this many boxes only those in the window are drawn. */
const manyBoxes = 150;
/** While a picture is made, all boxes are drawn. */
const isWhole = signal(false);

export function Graph() {
  const count = open.value.boxes.length;
  return (
    <Section id="graph" title={t().title} tools={<Choices />}>
      {summaryError.value !== undefined && (
        <p class="note error">
          {count > 0 ? `${t().stale} ` : ""}
          {summaryError.value}
        </p>
      )}
      <Bar />
      <Window />
      <SelectedLayer />
      <Totals />
    </Section>
  );
}

function Choices() {
  const text = netFile.value?.text.value ?? "";
  const named = [...new Set([...text.matchAll(/stage\s*:\s*"([^"]*)"/g)].map(([, name = ""]) => name))];
  return (
    <>
      <label class="field">
        {t().phase}
        <select
          data-testid="phase"
          value={phase.value}
          onChange={({ currentTarget }) => {
            phase.value = currentTarget.value === "TEST" ? "TEST" : "TRAIN";
          }}
        >
          <option>TRAIN</option>
          <option>TEST</option>
        </select>
      </label>
      {named.length > 0 && (
        <label class="field">
          {t().stage}
          <select
            value={stages.value[0] ?? ""}
            onChange={({ currentTarget: { value } }) => {
              stages.value = value === "" ? [] : [value];
            }}
          >
            <option value="">{t().noStage}</option>
            {named.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <label class="field">
        {t().color}
        <select
          value={cost.value}
          onChange={({ currentTarget }) => {
            cost.value = currentTarget.value as Cost;
          }}
        >
          {(["multiplyAdds", "parameters", "memory", "time"] as const).map((each) => (
            <option key={each} value={each}>
              {t()[each]}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

function Bar() {
  const found = matches.value;
  const next = () => {
    const at = found.indexOf(selected.value ?? "");
    const name = found[(at + 1) % Math.max(1, found.length)];
    if (name !== undefined) selected.value = name;
  };
  return (
    <div class="row graph-bar">
      <input
        type="search"
        placeholder={t().search}
        aria-label={t().search}
        value={search.value}
        onInput={({ currentTarget }) => {
          search.value = currentTarget.value;
        }}
        onKeyDown={({ key }) => {
          if (key === "Enter") next();
        }}
      />
      {search.value !== "" && <span class="muted">{t().found(found.length)}</span>}
      {isMeasuring.value && <span class="muted">{t().measuring}</span>}
      {open.value.modules.length > 0 && (
        <button type="button" onClick={() => foldAll(closed.value.size === 0)}>
          {closed.value.size === 0 ? t().foldAll : t().unfoldAll}
        </button>
      )}
      <span class="legend-ramp" aria-hidden="true">
        <span /> {t()[cost.value]}
      </span>
    </div>
  );
}

function Window() {
  const frame = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  const drag = useRef<{ readonly x: number; readonly y: number } | undefined>(undefined);
  const { value: now } = drawn;
  const layout = now?.layout;
  useEffect(() => {
    const { current: at } = frame;
    if (!at) return;
    const watch = new ResizeObserver(() => {
      window.value = { width: at.clientWidth, height: at.clientHeight };
    });
    watch.observe(at);
    return () => watch.disconnect();
  }, []);
  // A net of another size is shown from its start.
  const size = layout ? `${layout.width} ${layout.height} ${window.value.width}` : "";
  useLayoutEffect(() => {
    if (layout) view.value = fitted(layout, window.value, false);
  }, [size]);
  useEffect(() => {
    const box = now?.model.boxes.find(({ layers }) => layers.some(({ name }) => name === selected.value));
    const place = box && layout?.boxes.find(({ id }) => id === box.id);
    if (place) view.value = showing(view.value, place, window.value);
  }, [selected.value, size]);

  const zoomBy = (by: number) => {
    view.value = zoomed(view.value, by, window.value.width / 2, window.value.height / 2);
  };
  const fit = () => {
    if (layout) view.value = fitted(layout, window.value, true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const directions = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" } as const;
    const direction = directions[event.key as keyof typeof directions];
    if (direction) step(direction);
    else if (event.key === "+" || event.key === "=") zoomBy(1.25);
    else if (event.key === "-") zoomBy(0.8);
    else if (event.key === "Enter" && selected.value !== undefined) void goToText(selected.value);
    else return;
    event.preventDefault();
  };
  const onWheel = (event: TargetedWheelEvent<HTMLDivElement>) => {
    const isOwn = document.activeElement === event.currentTarget || event.ctrlKey || event.metaKey;
    // Without the focus the wheel scrolls the page.
    if (!isOwn) return;
    event.preventDefault();
    const { left, top } = event.currentTarget.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) {
      view.value = zoomed(view.value, Math.exp(-event.deltaY / 200), event.clientX - left, event.clientY - top);
    } else view.value = { ...view.value, x: view.value.x - event.deltaX, y: view.value.y - event.deltaY };
  };
  const onPointerDown = ({
    clientX,
    clientY,
    currentTarget,
    pointerId,
    target,
  }: TargetedPointerEvent<HTMLDivElement>) => {
    if ((target as Element).closest("[data-layer], button")) return;
    drag.current = { x: clientX - view.value.x, y: clientY - view.value.y };
    currentTarget.setPointerCapture(pointerId);
  };
  const onPointerMove = ({ clientX, clientY }: TargetedPointerEvent<HTMLDivElement>) => {
    if (drag.current) view.value = { ...view.value, x: clientX - drag.current.x, y: clientY - drag.current.y };
  };
  const onPointerUp = () => {
    drag.current = undefined;
  };
  const name = summary.value?.net.name || "net";
  const exported = async (save: typeof savePng | typeof saveSvg) => {
    isWhole.value = true;
    // All boxes are drawn in the next frame.
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    if (svg.current && layout) await save(svg.current, name, layout.width, layout.height);
    isWhole.value = false;
  };
  return (
    <div class="graph-frame">
      <div
        ref={frame}
        class={`graph-window${summaryError.value === undefined ? "" : " stale"}`}
        data-testid="graph"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
        tabIndex={0}
        aria-label={t().graphOf(name, summary.value?.net.layers.length ?? 0)}
        onKeyDown={onKeyDown}
        onWheel={onWheel}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={onPointerUp}
      >
        {layout ? <Picture picture={svg} /> : <p class="muted graph-empty">{t().empty}</p>}
      </div>
      <div class="graph-tools">
        <button type="button" class="plain" aria-label={t().zoomIn} title={t().zoomIn} onClick={() => zoomBy(1.25)}>
          <Icon name="plus" />
        </button>
        <button type="button" class="plain" aria-label={t().zoomOut} title={t().zoomOut} onClick={() => zoomBy(0.8)}>
          <Icon name="minus" />
        </button>
        <button type="button" class="plain" aria-label={t().fit} title={t().fit} onClick={fit}>
          <Icon name="fit" />
        </button>
        <button type="button" onClick={() => void exported(saveSvg)}>
          {t().svg}
        </button>
        <button type="button" onClick={() => void exported(savePng)}>
          {t().png}
        </button>
      </div>
      {layout && <Minimap />}
    </div>
  );
}

function Picture({ picture }: { readonly picture: { current: SVGSVGElement | null } }) {
  const { value: now } = drawn;
  const places = useMemo(() => new Map(now?.layout.boxes.map((box) => [box.id, box])), [now]);
  if (!now) return null;
  const { boxes, edges } = now.model;
  const { zoom, x, y } = view.value;
  const isCulled = boxes.length > manyBoxes && !isWhole.value;
  const isShown = (id: string) => {
    const place = places.get(id);
    return place !== undefined && (!isCulled || isNear(place, view.value, window.value));
  };
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: the window around it has the name, its boxes have theirs
    <svg ref={picture} class="graph-svg" width="100%" height="100%">
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path class="arrow" d="M0 0L8 4L0 8z" />
        </marker>
      </defs>
      <g class="all" transform={`translate(${x} ${y}) scale(${zoom})`}>
        {edges.map((edge, i) => {
          const way = now.layout.ways[i];
          return way && (isShown(edge.from) || isShown(edge.to)) ? (
            <EdgeWay key={`${edge.from} ${edge.to} ${edge.blob}`} way={way} edge={edge} />
          ) : null;
        })}
        {boxes.map((box) => {
          const place = places.get(box.id);
          return place && isShown(box.id) ? <BoxNode key={box.id} box={box} place={place} /> : null;
        })}
      </g>
    </svg>
  );
}

/** The size of the map, in pixels. */
const [mapWidth, mapHeight] = [90, 130];

function Minimap() {
  const { value: now } = drawn;
  if (!now) return null;
  const { layout } = now;
  const zoom = Math.min(mapWidth / Math.max(1, layout.width), mapHeight / Math.max(1, layout.height));
  const { zoom: own, x, y } = view.value;
  const moveTo = ({ currentTarget, clientX, clientY, buttons }: TargetedPointerEvent<SVGSVGElement>) => {
    if (buttons === 0) return;
    const { left, top } = currentTarget.getBoundingClientRect();
    const [atX, atY] = [(clientX - left) / zoom, (clientY - top) / zoom];
    view.value = { ...view.value, x: window.value.width / 2 - atX * own, y: window.value.height / 2 - atY * own };
  };
  return (
    <svg
      class="minimap"
      width={Math.max(8, layout.width * zoom)}
      height={Math.max(8, layout.height * zoom)}
      role="img"
      aria-label={t().minimap}
      onPointerDown={moveTo}
      onPointerMove={moveTo}
    >
      {layout.boxes.map((box) => (
        <rect
          key={box.id}
          class="mini"
          x={box.x * zoom}
          y={box.y * zoom}
          width={box.width * zoom}
          height={Math.max(0.7, box.height * zoom)}
        />
      ))}
      <rect
        class="mini-window"
        x={(-x / own) * zoom}
        y={(-y / own) * zoom}
        width={(window.value.width / own) * zoom}
        height={(window.value.height / own) * zoom}
      />
    </svg>
  );
}

function SelectedLayer() {
  const layers = open.value.boxes.flatMap((box) => box.layers);
  const layer = layers.find(({ name }) => name === selected.value);
  if (!layer) return null;
  const box = open.value.boxes.find((each) => each.layers.includes(layer));
  const module = model.value.modules.find(({ boxes }) => box !== undefined && boxes.includes(box.id));
  return <Selected layer={layer} module={module?.id} />;
}

function Totals() {
  const { value: found } = summary;
  if (!found) return null;
  const { totals } = found.net;
  const least = totals.partial ? "≥ " : "";
  const { training, inference } = peaks.value ?? {};
  return (
    <p class="muted totals">
      {t().totals(least + short(totals.parameters), least + short(totals.multiplyAdds), least + short(totals.memory))}
      {training && inference && `; ${t().peaks(short(training.moka), short(inference.moka))}`}
    </p>
  );
}
