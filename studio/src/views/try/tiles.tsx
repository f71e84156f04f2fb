/** The channels of a blob as small gray pictures, in a grid on one canvas. */
import { useEffect, useRef, useState } from "preact/hooks";
import { toGray } from "./answer.js";
import { answer, type Values, valuesOf } from "./state.js";
import { t } from "./strings.js";

/** The most channels of a blob that are drawn. */
const mostTiles = 64;
/** The least width of a tile in pixels of the canvas. */
const leastTile = 24;

/** One blob, whose values are read when it is opened. */
export function BlobTiles({ name }: { readonly name: string }) {
  const [isOpen, setOpen] = useState(false);
  const [values, setValues] = useState<Values | undefined>(undefined);
  const { value: now } = answer;
  useEffect(() => {
    let isWanted = isOpen && now !== undefined;
    if (isWanted)
      valuesOf(name).then(
        (found) => isWanted && setValues(found),
        () => {},
      );
    return () => {
      isWanted = false;
    };
  }, [isOpen, now, name]);
  return (
    <details class="tiles" open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <code>{name}</code>
      </summary>
      {values && <Tiles values={values} />}
    </details>
  );
}

export function Tiles({ values: { name, shape, data } }: { readonly values: Values }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [, channels = 1, height = 1, width = 1] = shape;
  const shown = Math.min(channels, mostTiles);
  useEffect(() => {
    if (canvas.current) drawTiles(canvas.current, data, [shown, height, width]);
  }, [data, shown, height, width]);
  return (
    <>
      <canvas ref={canvas} role="img" aria-label={t().tilesOf(name)} />
      <small>{t().tiles(shown, channels)}</small>
    </>
  );
}

/** Draws maps (channels, height, width) side by side, each from its least to its largest value. */
export function drawTiles(
  canvas: HTMLCanvasElement,
  data: Float32Array,
  [count, height, width]: readonly [number, number, number],
): void {
  const zoom = Math.max(1, Math.ceil(leastTile / width));
  const columns = Math.min(count, Math.max(1, Math.floor(640 / (width * zoom + 2))));
  const rows = Math.ceil(count / columns);
  canvas.width = columns * (width * zoom + 2) - 2;
  canvas.height = rows * (height * zoom + 2) - 2;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.imageSmoothingEnabled = false;
  const tile = new OffscreenCanvas(width, height);
  const tileContext = tile.getContext("2d");
  if (!tileContext) return;
  for (let c = 0; c < count; c++) {
    const gray = toGray(data.subarray(c * width * height, (c + 1) * width * height));
    const image = tileContext.createImageData(width, height);
    gray.forEach((value, i) => {
      image.data.fill(value, 4 * i, 4 * i + 3);
      image.data[4 * i + 3] = 255;
    });
    tileContext.putImageData(image, 0, 0);
    const [x, y] = [(c % columns) * (width * zoom + 2), Math.floor(c / columns) * (height * zoom + 2)];
    context.drawImage(tile, x, y, width * zoom, height * zoom);
  }
}
