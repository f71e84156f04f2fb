/** The whole graph as a file: SVG with the page's light colors written in, or PNG. */
import { save } from "../../parts/save.js";

/** The properties that make the picture; the page's variables are gone in a file. */
const written = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "fill-opacity",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "opacity",
];

/** The SVG of a graph, as text, at its own size. */
function textOf(svg: SVGSVGElement, width: number, height: number): string {
  const { dataset } = document.documentElement;
  const before = dataset["theme"];
  // Paper is white.
  dataset["theme"] = "light";
  try {
    const copy = svg.cloneNode(true) as SVGSVGElement;
    const [from, to] = [
      [svg, ...svg.querySelectorAll("*")],
      [copy, ...copy.querySelectorAll("*")],
    ];
    from.forEach((element, i) => {
      const style = getComputedStyle(element);
      const target = to[i] as SVGElement | undefined;
      target?.setAttribute("style", written.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
      for (const name of ["class", "role", "tabindex", "aria-label", "data-layer"]) target?.removeAttribute(name);
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
    copy.setAttribute("width", String(width));
    copy.setAttribute("height", String(height));
    copy.querySelector("g.all")?.removeAttribute("transform");
    copy.querySelector("g.all")?.removeAttribute("style");
    return new XMLSerializer().serializeToString(copy);
  } finally {
    if (before !== undefined) dataset["theme"] = before;
  }
}

export function saveSvg(svg: SVGSVGElement, name: string, width: number, height: number): void {
  save(`${name}.svg`, textOf(svg, width, height));
}

/** A canvas of a browser has at most so many pixels. */
const mostPixels = 60e6;

export async function savePng(svg: SVGSVGElement, name: string, width: number, height: number): Promise<void> {
  const zoom = Math.min(2, Math.sqrt(mostPixels / Math.max(1, width * height)));
  const address = URL.createObjectURL(new Blob([textOf(svg, width, height)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.ceil(width * zoom), Math.ceil(height * zoom)];
    const context = canvas.getContext("2d");
    if (!context) return;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    if (blob) save(`${name}.png`, blob);
  } finally {
    URL.revokeObjectURL(address);
  }
}
