/** The view that tries the net: a drawn digit or a picture, classes or boxes, and what is inside. */
import { useEffect, useRef, useState } from "preact/hooks";
import { number } from "../../parts/number.js";
import { Section } from "../../parts/section.js";
import { pixelsOf } from "../../pixels.js";
import { say } from "../../state/messages.js";
import { whenReceived } from "../../state/receive.js";
import { iteration } from "../../state/run.js";
import { Digit } from "./digit.js";
import { answer, form, inputSize, look, refusal, source, weightFiles } from "./state.js";
import { t } from "./strings.js";
import { BlobTiles, drawTiles } from "./tiles.js";
import "./try.css";

export function Try() {
  const [picture, setPicture] = useState<ImageBitmap | undefined>(undefined);
  const take = async (file: File) => {
    const read = await createImageBitmap(file).catch(() => undefined);
    if (!read) return say("error", t().unreadable(file.name));
    setPicture(read);
    await look((width, height) => pixelsOf(read, width, height));
  };
  useEffect(() => whenReceived("image", ([first]) => (first ? take(first.file) : undefined)), []);
  return (
    <Section id="try" title={t().title} about={t().about} tools={<WeightsChoice />}>
      {refusal.value !== undefined && <p class="note">{t().noInput}</p>}
      <div class="try">
        <div class="try-input">
          <Digit clear={() => setPicture(undefined)} />
          <label class="button">
            <input
              class="visually-hidden"
              type="file"
              accept="image/*"
              onChange={({ currentTarget }) => {
                const file = currentTarget.files?.[0];
                if (file) void take(file);
                currentTarget.value = "";
              }}
            />
            {t().picture}
          </label>
        </div>
        <Prediction picture={picture} />
      </div>
      <Form />
      {answer.value && <Inside />}
    </Section>
  );
}

function WeightsChoice() {
  return (
    <label class="field">
      {t().weights}
      <select
        value={source.value}
        onChange={({ currentTarget }) => {
          source.value = currentTarget.value;
        }}
      >
        <option value="training">{iteration.value > 0 ? t().training : t().fillers}</option>
        {weightFiles.value.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Prediction({ picture }: { readonly picture: ImageBitmap | undefined }) {
  const { value: found } = answer;
  const [best] = found?.classes ?? [];
  return (
    <div class="card prediction" data-testid="prediction" aria-live="polite">
      <h3>{t().prediction}</h3>
      {!found && <p class="muted">{t().nothing}</p>}
      {found && !found.isTrained && <p class="note warning">{t().untrained}</p>}
      {best && (
        <ol>
          {found?.classes.map(({ index, value }, i) => (
            <li key={index} class={i === 0 ? "best" : ""}>
              <span>{index}</span>
              <span class="track" aria-hidden="true">
                <span style={{ width: `${100 * value}%` }} />
              </span>
              <span class="number">{(100 * value).toFixed(1)} %</span>
            </li>
          ))}
        </ol>
      )}
      {found?.boxes && <p>{t().found(found.boxes.length)}</p>}
      {picture && <Picture picture={picture} />}
      {found && found.outputs.length > 0 && (
        <>
          <p>{t().noClasses}</p>
          <ul>
            {found.outputs.map(({ name, shape, data }) => (
              <li key={name}>
                <code>{name}</code> {shape.join(" × ")}: {[...data.subarray(0, 6)].map(number).join(", ")}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

/** The dropped picture, with the boxes that the net has found. */
function Picture({ picture }: { readonly picture: ImageBitmap }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const boxes = answer.value?.boxes ?? [];
  useEffect(() => {
    const { current: field } = canvas;
    const context = field?.getContext("2d");
    if (!field || !context) return;
    const zoom = Math.min(1, 800 / picture.width);
    [field.width, field.height] = [Math.round(picture.width * zoom), Math.round(picture.height * zoom)];
    context.drawImage(picture, 0, 0, field.width, field.height);
    const color = getComputedStyle(field).color;
    context.lineWidth = 3;
    context.font = "600 14px system-ui";
    for (const { label, score, left, top, right, bottom } of boxes) {
      context.strokeStyle = color;
      const [x, y] = [left * field.width, top * field.height];
      context.strokeRect(x, y, (right - left) * field.width, (bottom - top) * field.height);
      context.fillStyle = color;
      context.fillText(`${label} · ${(100 * score).toFixed(0)} %`, x + 4, Math.max(14, y - 5));
    }
  }, [picture, boxes]);
  const words = boxes.map(({ label, score }) => t().boxOf(label, `${(100 * score).toFixed(0)} %`)).join("; ");
  return <canvas ref={canvas} class="picture" role="img" aria-label={words || t().picture} />;
}

function Form() {
  const { order, mean, scale } = form.value;
  const isColor = inputSize.value?.[0] === 3;
  return (
    <details class="form">
      <summary>{t().form}</summary>
      <div class="row">
        <label class="field">
          {t().scale}
          <input
            type="number"
            step="any"
            value={scale}
            onChange={({ currentTarget: { valueAsNumber } }) => {
              if (Number.isFinite(valueAsNumber)) form.value = { ...form.value, scale: valueAsNumber };
            }}
          />
        </label>
        <label class="field">
          {t().mean}
          <input
            value={mean.join(", ")}
            onChange={({ currentTarget: { value } }) => {
              const values = value.split(",").map(Number);
              if (values.every(Number.isFinite)) form.value = { ...form.value, mean: values };
            }}
          />
        </label>
        {isColor && (
          <label class="field">
            {t().order}
            <select
              value={order}
              onChange={({ currentTarget }) => {
                form.value = { ...form.value, order: currentTarget.value === "RGB" ? "RGB" : "BGR" };
              }}
            >
              <option>BGR</option>
              <option>RGB</option>
            </select>
          </label>
        )}
      </div>
    </details>
  );
}

function Inside() {
  const { value: found } = answer;
  if (!found) return null;
  const [, channels = 1, height = 1, width = 1] = found.input.shape;
  return (
    <>
      <div class="pairs-of-maps">
        <MapPicture title={t().seen} data={found.input.data} size={[channels, height, width]} />
        {found.saliency && <MapPicture title={t().saliency} data={found.saliency} size={[1, height, width]} />}
      </div>
      <h3>{t().activations}</h3>
      <div class="activations">
        {found.maps.map((name) => (
          <BlobTiles key={name} name={name} />
        ))}
      </div>
    </>
  );
}

interface MapProps {
  readonly title: string;
  readonly data: Float32Array;
  readonly size: readonly [number, number, number];
}

function MapPicture({ title, data, size }: MapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [channels, height, width] = size;
  useEffect(() => {
    if (canvas.current) drawTiles(canvas.current, data, [channels, height, width]);
  }, [data, channels, height, width]);
  return (
    <figure>
      <canvas ref={canvas} role="img" aria-label={title} />
      <figcaption>{title}</figcaption>
    </figure>
  );
}
