/** The view of weight files: layers and their blobs, findings, tools, two files compared, logs as curves. */
import type { BatchNormStats, DescribedBlob, DescribedLayer } from "moka-caffe";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { number } from "../../parts/number.js";
import { save } from "../../parts/save.js";
import { Section } from "../../parts/section.js";
import { sayError } from "../../state/messages.js";
import { netFile } from "../../state/project.js";
import { whenReceived } from "../../state/receive.js";
import { solver } from "../../state/run.js";
import { drawTiles } from "../try/tiles.js";
import {
  compared,
  described,
  logs,
  openNet,
  other,
  report,
  show,
  shown,
  statistics,
  takeDropped,
  takeLogs,
  takeTraining,
  use,
  valuesOf,
  weightFiles,
  working,
} from "./state.js";
import { t } from "./strings.js";
import "./weights.css";

export function Weights() {
  useEffect(() => {
    const ends = [whenReceived("weights", takeDropped), whenReceived("log", takeLogs)];
    return () => {
      for (const end of ends) end();
    };
  }, []);
  const hasFiles = weightFiles.value.length > 0;
  return (
    <Section
      id="weights"
      title={t().title}
      about={t().about}
      tools={
        <button type="button" disabled={!solver.value} onClick={() => void takeTraining()}>
          {t().takeTraining}
        </button>
      }
    >
      {hasFiles ? <Files /> : <p class="note">{t().none}</p>}
      {described.value && <Described />}
      {logs.value.map(({ name, svg }) => (
        <Log key={name} name={name} svg={svg} />
      ))}
    </Section>
  );
}

function Files() {
  return (
    <div class="row">
      <label class="field">
        {t().file}
        <select value={shown.value} onChange={({ currentTarget }) => show({ file: currentTarget.value })}>
          {weightFiles.value.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="field">
        {t().other}
        <select
          value={other.value ?? ""}
          onChange={({ currentTarget: { value } }) => show({ other: value || undefined })}
        >
          <option value="">{t().nothing}</option>
          {weightFiles.value
            .filter(({ name }) => name !== shown.value)
            .map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
        </select>
      </label>
    </div>
  );
}

/** The most layers that are listed at once. */
const mostLayers = 300;

function Described() {
  const { value: found } = described;
  if (!found) return null;
  return (
    <>
      <div class="row">
        <strong>{found.name}</strong>
        <span class="muted">{t().parameters(found.parameters.toLocaleString("en-US"))}</span>
        {found.net === undefined ? (
          <span class="muted">{t().noNet}</span>
        ) : (
          <button type="button" onClick={openNet}>
            {t().openNet}
          </button>
        )}
      </div>
      <Tools />
      {statistics.value && <Statistics layers={statistics.value.layers} />}
      <ul class="weights">
        {found.layers.slice(0, mostLayers).map((layer) => (
          <Layer key={layer.name} layer={layer} />
        ))}
      </ul>
      {found.layers.length > mostLayers && <p class="muted">{t().more(found.layers.length - mostLayers)}</p>}
    </>
  );
}

function Layer({ layer: { name, type, blobs } }: { readonly layer: DescribedLayer }) {
  const [isOpen, setOpen] = useState(false);
  const bad = blobs.reduce((sum, { notFinite }) => sum + notFinite, 0);
  const hasMaps = (blobs[0]?.shape.length ?? 0) === 4 && (blobs[0]?.shape[3] ?? 1) > 1;
  return (
    <li data-testid="weights-layer" data-layer={name}>
      <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
        <summary>
          <code>{name}</code> <span class="tag">{type}</span>
          <span class="muted"> {blobs.map(({ shape }) => shape.join("×") || "1").join(", ")}</span>
          {bad > 0 && <strong class="bad"> {t().notFinite(bad)}</strong>}
          <Difference layer={name} count={blobs.length} />
        </summary>
        {isOpen && (
          <>
            <div class="blobs">
              {blobs.map((blob, i) => (
                <BlobFigure key={String(i)} layer={name} index={i} blob={blob} />
              ))}
            </div>
            {hasMaps && <Filters layer={name} />}
          </>
        )}
      </details>
    </li>
  );
}

function Difference({ layer, count }: { readonly layer: string; readonly count: number }) {
  if (compared.value.size === 0) return null;
  const found = Array.from({ length: count }, (_, i) => compared.value.get(`${layer} ${i}`)?.relative);
  const largest = found.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  const isMissing = found.includes(undefined);
  return (
    <span class="difference">
      {t().difference}: {isMissing ? t().missing : largest === 0 ? t().same : number(largest)}
    </span>
  );
}

function BlobFigure({
  layer,
  index,
  blob,
}: {
  readonly layer: string;
  readonly index: number;
  readonly blob: DescribedBlob;
}) {
  const { shape, min, max, mean, deviation, histogram } = blob;
  const most = Math.max(1, ...histogram);
  return (
    <figure class="blob">
      <figcaption>
        <code>{shape.join(" × ") || "1"}</code>
      </figcaption>
      <svg viewBox="0 0 128 40" role="img" aria-label={t().histogram(layer, index)} preserveAspectRatio="none">
        {histogram.map((count, i) => (
          <rect key={String(i)} x={i * 4} y={40 - (40 * count) / most} width="3" height={(40 * count) / most} />
        ))}
      </svg>
      <small>
        {number(min)} … {number(max)}; {number(mean)} ± {number(deviation)}
      </small>
    </figure>
  );
}

/** The most filters that are drawn. */
const mostFilters = 64;

function Filters({ layer }: { readonly layer: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    valuesOf(layer, 0).then((found) => {
      if (!found || !canvas.current) return;
      const [outputs = 1, inputs = 1, height = 1, width = 1] = found.shape;
      const count = Math.min(mostFilters, outputs * inputs);
      drawTiles(canvas.current, found.values, [count, height, width]);
    }, sayError);
  }, [layer]);
  return <canvas ref={canvas} class="filters" role="img" aria-label={t().filters(layer)} />;
}

/** The most channels of a layer that are named. */
const mostChannels = 6;

function Statistics({ layers }: { readonly layers: readonly BatchNormStats[] }) {
  const flagged = layers.filter(({ dead, suspicious }) => dead.length + suspicious.length > 0);
  return (
    <details class="card" open={flagged.length > 0}>
      <summary>
        <strong>{t().norms}</strong>
      </summary>
      {flagged.length === 0 && <p>{t().fine}</p>}
      <ul>
        {flagged.map(({ name, dead, suspicious, channels }) => (
          <li key={name} class="note warning">
            {t().flagged(name, dead.length + suspicious.length, channels)}
            <ul>
              {[...dead, ...suspicious].slice(0, mostChannels).map(({ channel, reason }) => (
                <li key={channel}>{t().channel(channel, reason)}</li>
              ))}
            </ul>
          </li>
        ))}
        {layers.map(({ name, reading }) => (
          <li key={`factor ${name}`} class="muted">
            {t().factor(name, reading.text)}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Tools() {
  const { value: done } = report;
  return (
    <div class="card tools-card">
      <h3>{t().tools}</h3>
      <p class="muted">{t().net(netFile.value?.name ?? "")}</p>
      <div class="row">
        {(["doctor", "fold", "export"] as const).map((tool) => (
          <button
            key={tool}
            type="button"
            title={t()[`${tool}Why`]}
            disabled={working.value !== undefined}
            onClick={() => void use(tool)}
          >
            {working.value === tool ? t().working : t()[tool]}
          </button>
        ))}
      </div>
      <div role="status">
        {done && (
          <>
            <ul>
              {done.lines.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
            <div class="row">
              {done.files.map(({ name, content }) => (
                <button key={name} type="button" onClick={() => save(name, content)}>
                  {t().download(name)}
                </button>
              ))}
            </div>
          </>
        )}
      </div>
    </div>
  );
}

function Log({ name, svg }: { readonly name: string; readonly svg: string }) {
  // A picture of its own: whatever the log has in it is never part of the page.
  const address = useMemo(() => URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" })), [svg]);
  useEffect(() => () => URL.revokeObjectURL(address), [address]);
  const remove = () => {
    logs.value = logs.value.filter((log) => log.name !== name);
  };
  return (
    <figure class="card log">
      <figcaption class="row">
        <strong>{name}</strong>
        <button type="button" onClick={remove}>
          {t().removeLog}
        </button>
      </figcaption>
      <img src={address} alt={t().curvesOf(name)} />
    </figure>
  );
}
