import { expect, test } from "vitest";
import { layoutOf } from "./layout.js";
import { fitted, isNear, showing, zoomed } from "./view.js";

const layout = layoutOf(
  [
    { id: "a", width: 100, height: 30 },
    { id: "b", width: 100, height: 30 },
    { id: "c", width: 100, height: 30 },
  ],
  [
    { from: "a", to: "b" },
    { from: "a", to: "c" },
  ],
);
const [a, b, c] = layout.boxes;
const window = { width: 400, height: 300 };

test("a graph runs from top to bottom, side by side where it branches", () => {
  expect(b?.y).toBeGreaterThan((a?.y ?? 0) + 30);
  expect(b?.y).toBe(c?.y);
  expect(Math.abs((b?.x ?? 0) - (c?.x ?? 0))).toBeGreaterThanOrEqual(100);
  expect(layout.ways).toHaveLength(2);
  expect(layout.ways[0]?.points.length).toBeGreaterThan(1);
});

test("zooming leaves the point under the pointer where it is", () => {
  const view = zoomed({ zoom: 1, x: 10, y: 20 }, 2, 50, 60);
  expect(view).toEqual({ zoom: 2, x: -30, y: -20 });
  expect(zoomed(view, 100, 0, 0).zoom).toBe(3);
});

test("what fits is shown whole, in the middle", () => {
  const view = fitted(layout, window, true);
  expect(view.zoom).toBe(1);
  expect(view.x).toBeCloseTo((400 - layout.width) / 2, 5);
  expect(fitted({ ...layout, height: 3000 }, window, true).zoom).toBeCloseTo(0.1, 5);
  expect(fitted({ ...layout, height: 3000 }, window, false).zoom).toBeGreaterThan(0.8);
});

test("boxes far from the window are not drawn, and can be brought into it", () => {
  const far = { id: "far", x: 5000, y: 0, width: 100, height: 30 };
  expect(isNear(far, { zoom: 1, x: 0, y: 0 }, window)).toBe(false);
  const view = showing({ zoom: 1, x: 0, y: 0 }, far, window);
  expect(isNear(far, view, window)).toBe(true);
  expect(showing(view, far, window)).toEqual(view);
});
