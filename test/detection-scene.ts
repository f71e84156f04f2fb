/** 40 detections of three classes in images 0, 1, 2 and 4, and 18 true boxes near some of them. */
export function scene(): { found: number[][]; truth: number[][] } {
  const { sin, cos } = Math;
  const to4 = (value: number) => Math.round(value * 1e4) / 1e4;
  const found: number[][] = Array.from({ length: 40 }, (_, k) => {
    const [x, y] = [0.5 + 0.45 * sin(1.3 * k), 0.5 + 0.45 * cos(2.1 * k)];
    const [w, h] = [0.15 + 0.1 * sin(k), 0.2 + 0.1 * cos(1.7 * k)];
    const head = [[0, 1, 2, 4][k % 4] ?? 0, 1 + ((k * 7) % 3), to4(0.5 + 0.49 * sin(3.7 * k))];
    return [...head, ...[x - w, y - h, x + w, y + h].map(to4)];
  });
  const truth: number[][] = Array.from({ length: 18 }, (_, i) => {
    const [image = 0, label = 0, , ...box] = found[(i * 5) % 40] ?? [];
    const shift = 0.03 * sin(5 * i);
    return [
      i % 3 === 0 ? ([0, 1, 3, 4][i % 4] ?? 0) : image,
      label,
      i,
      ...box.map((v) => to4(v + shift)),
      i % 5 === 0 ? 1 : 0,
    ];
  });
  found.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0));
  truth.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
  return { found, truth };
}
