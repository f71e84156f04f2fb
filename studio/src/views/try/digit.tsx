/** A field to draw a digit in, white on black as those of data sets. */

import type { TargetedPointerEvent } from "preact";
import { useRef } from "preact/hooks";
import { digitFrame } from "./answer.js";
import { look } from "./state.js";
import { t } from "./strings.js";

/** The field's side in pixels, and the pen's width. */
const side = 280;
const pen = 22;

export function Digit({ clear }: { readonly clear: () => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const isDrawing = useRef(false);
  const context = () => canvas.current?.getContext("2d", { willReadFrequently: true });
  const at = ({ currentTarget, clientX, clientY }: TargetedPointerEvent<HTMLCanvasElement>): [number, number] => {
    const { left, top, width, height } = currentTarget.getBoundingClientRect();
    return [((clientX - left) * side) / width, ((clientY - top) * side) / height];
  };
  const start = (event: TargetedPointerEvent<HTMLCanvasElement>) => {
    const drawn = context();
    if (!drawn) return;
    event.preventDefault();
    try {
      event.currentTarget.setPointerCapture(event.pointerId);
    } catch {
      // A program's own events have no pointer to capture.
    }
    isDrawing.current = true;
    drawn.lineCap = drawn.lineJoin = "round";
    drawn.lineWidth = pen;
    drawn.strokeStyle = "#fff";
    drawn.beginPath();
    const [x, y] = at(event);
    drawn.moveTo(x, y);
    drawn.lineTo(x + 0.1, y);
    drawn.stroke();
  };
  const move = (event: TargetedPointerEvent<HTMLCanvasElement>) => {
    const drawn = context();
    if (!isDrawing.current || !drawn) return;
    drawn.lineTo(...at(event));
    drawn.stroke();
  };
  const end = () => {
    if (!isDrawing.current) return;
    isDrawing.current = false;
    const { current: field } = canvas;
    if (field) void look((width, height) => digitPixels(field, width, height));
  };
  return (
    <div class="digit">
      <canvas
        ref={canvas}
        data-testid="digit-canvas"
        width={side}
        height={side}
        role="img"
        aria-label={t().canvas}
        onPointerDown={start}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={end}
      />
      <div class="row">
        <button
          type="button"
          onClick={() => {
            context()?.clearRect(0, 0, side, side);
            clear();
          }}
        >
          {t().clear}
        </button>
      </div>
    </div>
  );
}

/** The drawing in the middle of a black field of this size, as large as digits of data sets are. */
function digitPixels(field: HTMLCanvasElement, width: number, height: number): Uint8ClampedArray {
  const drawn =
    field.getContext("2d", { willReadFrequently: true })?.getImageData(0, 0, side, side).data ??
    new Uint8ClampedArray();
  const alpha = drawn.filter((_, i) => i % 4 === 3);
  const frame = digitFrame(alpha, side, side) ?? { x: 0, y: 0, size: side };
  const small = new OffscreenCanvas(width, height);
  const context = small.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser gives no canvas");
  context.fillStyle = "#000";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  const { x, y, size } = frame;
  context.drawImage(field, x, y, size, size, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}
