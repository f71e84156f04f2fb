/** Lays graphs out beside the page, which stays responsive meanwhile. */
import { layoutOf, type Sized } from "./layout.js";

interface Question {
  readonly id: number;
  readonly boxes: readonly Sized[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

addEventListener("message", ({ data }: MessageEvent<Question>) => {
  const { id, boxes, edges } = data;
  try {
    postMessage({ id, layout: layoutOf(boxes, edges) });
  } catch (error) {
    postMessage({ id, error: String(error) });
  }
});
