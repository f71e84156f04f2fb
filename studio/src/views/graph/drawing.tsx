/** The graph as SVG: boxes of layers, edges with shapes, colors by cost. */
import type { LayerSummary } from "moka-caffe";
import type { Placed, Way } from "./layout.js";
import { type Box, type Edge, shapeText, short } from "./model.js";
import { closed, cost, findings, goToText, matches, rowHeight, selected, shares, times, toggle } from "./state.js";
import { t } from "./strings.js";

export function EdgeWay({ way, edge }: { readonly way: Way; readonly edge: Edge }) {
  const { points } = way;
  const [first, ...rest] = points;
  if (!first) return null;
  const middle = points[Math.floor(points.length / 2)] ?? first;
  return (
    <g class="edge">
      <path d={`M${first.x} ${first.y}${rest.map(({ x, y }) => `L${x} ${y}`).join("")}`} marker-end="url(#arrow)" />
      {edge.shape !== "" && (
        <text x={middle.x + 5} y={middle.y + 4}>
          {edge.shape}
        </text>
      )}
    </g>
  );
}

export function BoxNode({ box, place }: { readonly box: Box; readonly place: Placed }) {
  const share = shares.value.get(box.id) ?? 0;
  const fill = `color-mix(in srgb, var(--accent) ${(55 * Math.sqrt(share)).toFixed(1)}%, var(--surface))`;
  const rows = box.folded ? [] : box.layers;
  return (
    <g transform={`translate(${place.x} ${place.y})`} class={`box${box.folded ? " folded" : ""}`}>
      <rect class="body" width={place.width} height={place.height} rx="7" style={{ fill }} />
      {box.folded ? (
        <Folded box={box} place={place} />
      ) : (
        rows.map((layer, i) => <Row key={layer.name} layer={layer} y={5 + i * rowHeight} width={place.width} />)
      )}
    </g>
  );
}

function Folded({ box: { id, folded, layers }, place }: { readonly box: Box; readonly place: Placed }) {
  const words = t().module(t()[folded?.kind ?? "residual"], layers.length);
  const isSelected = layers.some(({ name }) => name === selected.value);
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no buttons
    <g
      class={`row${isSelected ? " selected" : ""}`}
      data-layer={layers[0]?.name}
      role="button"
      tabIndex={-1}
      onClick={() => toggle(id)}
    >
      <rect x="3" y="4" width={place.width - 6} height={rowHeight} rx="4" />
      <text x="10" y={4 + rowHeight * 0.7}>
        {layers.at(-1)?.name} · {words}
      </text>
    </g>
  );
}

function Row({ layer, y, width }: { readonly layer: LayerSummary; readonly y: number; readonly width: number }) {
  const { name, type } = layer;
  const found = findings.value.get(name);
  const isFound = matches.value.includes(name);
  const isSelected = selected.value === name;
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no buttons
    <g
      class={`row${isSelected ? " selected" : ""}${isFound ? " match" : ""}${layer.unknown ? " unknown" : ""}`}
      data-layer={name}
      role="button"
      tabIndex={-1}
      onClick={() => {
        selected.value = name;
        void goToText(name);
      }}
    >
      <title>{found ? `${name} (${type}): ${found.message}` : `${name} (${type})`}</title>
      <rect x="3" y={y} width={width - 6} height={rowHeight} rx="4" />
      <text x="10" y={y + rowHeight * 0.7} class="name">
        {name}
      </text>
      <text x={width - (found ? 26 : 10)} y={y + rowHeight * 0.7} class="type">
        {type}
      </text>
      {found && <Mark severity={found.severity} x={width - 15} y={y + rowHeight / 2} />}
    </g>
  );
}

/** A mark whose form tells the severity, not its color alone. */
function Mark({ severity, x, y }: { readonly severity: string; readonly x: number; readonly y: number }) {
  if (severity === "error") return <path class="mark error" d={`M${x - 5} ${y - 5}l10 10m0 -10l-10 10`} />;
  if (severity === "warning") return <path class="mark warning" d={`M${x} ${y - 6}l6 11h-12z`} />;
  return <circle class="mark info" cx={x} cy={y} r="4" />;
}

/** What is known of the selected layer. */
export function Selected({ layer, module }: { readonly layer: LayerSummary; readonly module: string | undefined }) {
  const ms = times.value?.ms.get(layer.name);
  const found = findings.value.get(layer.name);
  const shape = (blobs: LayerSummary["tops"]) =>
    blobs.map((blob) => `${blob.name} ${blob.shape?.join("×") ?? "?"}`).join(", ");
  return (
    <div class="card selected-layer" aria-live="polite">
      <div class="row">
        <strong>{layer.name}</strong> <span class="tag">{layer.type}</span>
        <button type="button" onClick={() => void goToText(layer.name)}>
          {t().toText}
        </button>
        {module !== undefined && !closed.value.has(module) && (
          <button type="button" onClick={() => toggle(module)}>
            {t().fold}
          </button>
        )}
      </div>
      <p class="muted">
        {layer.bottoms.length > 0 && `${t().reads} ${shape(layer.bottoms)}; `}
        {t().makes} {shape(layer.tops)}
      </p>
      <p class="muted">
        {short(layer.parameters)} {t().parameters} · {short(layer.multiplyAdds)} {t().multiplyAdds} ·{" "}
        {short(layer.memory)}B{ms !== undefined && ` · ${ms.toFixed(2)} ms`}
        {layer.params.length > 0 && ` · ${layer.params.map((param) => shapeText([1, ...param.shape])).join(", ")}`}
      </p>
      {layer.unknown && layer.error !== undefined && <p class="note warning">{t().unknown(layer.error)}</p>}
      {layer.assumed && <p class="note">{t().assumed}</p>}
      {found && <p class={`note ${found.severity}`}>{found.message}</p>}
      {cost.value === "time" && ms === undefined && <p class="muted">{t().measuring}</p>}
    </div>
  );
}
