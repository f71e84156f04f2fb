/** A number as a reader wants it: four digits, and a dash where there is none. */
export function number(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return value === undefined ? "–" : "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(2).replace("-", "−").replace("e+", "e");
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
