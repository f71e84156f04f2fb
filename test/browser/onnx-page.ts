// The page that onnx.test.ts opens, bundled: it deploys a net to onnxruntime-web as a user's page does. Its address says on which provider;
// its server gets what came out.
import { deploy, Net } from "moka-caffe";
import * as runtime from "onnxruntime-web";

/** The part of a page's API that is used here. */
interface Page {
  readonly location: { readonly search: string; readonly href: string };
  readonly navigator: { readonly gpu?: { requestAdapter(): Promise<unknown> } };
  fetch(url: string, options: { method: string; body: string }): Promise<unknown>;
}

export interface OnnxReport {
  readonly error?: string;
  /** The largest difference from what Moka computes, of values up to 1. */
  readonly difference?: number;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Whether the browser has a GPU for pages. */
  readonly hasGpu: boolean;
}

const text = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 12 dim: 12 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 16 kernel_size: 3 weight_filler { type: "msra" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
  layer { name: "scale" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }
  layer { name: "pool" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "ip" type: "InnerProduct" bottom: "p" top: "y" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
  layer { name: "prob" type: "Softmax" bottom: "y" top: "prob" }`;

const page = globalThis as unknown as Page;
const provider = new URLSearchParams(page.location.search).get("provider") ?? undefined;

/** Runs the net in Moka and in ONNX Runtime, at two batch sizes. */
async function compare(): Promise<Omit<OnnxReport, "hasGpu">> {
  runtime.env.wasm.wasmPaths = new URL("ort/", page.location.href).href;
  const net = await Net.load(text, { seed: 3 });
  const session = await deploy(text, net.toMessage(), { provider, runtime });
  let difference = 0;
  for (const batch of [1, 3]) {
    const shape = [batch, 3, 12, 12];
    const data = Float32Array.from({ length: batch * 3 * 12 * 12 }, (_, i) => Math.sin(i * i));
    net.reshape({ data: shape });
    const wanted = (await net.forward({ data })).prob ?? [];
    const found = (await session.run({ data: { shape, data } })).prob ?? [];
    if (found.length !== 4 * batch) throw new Error(`${found.length} values for a batch of ${batch}`);
    for (const [i, value] of found.entries()) difference = Math.max(difference, Math.abs(value - (wanted[i] ?? 0)));
  }
  const { shapes } = session;
  await session.dispose();
  await net.dispose();
  return { difference, shapes };
}

const hasGpu = Boolean(await page.navigator.gpu?.requestAdapter());
const report = await compare().catch((error: Error) => ({ error: `${error.name}: ${error.message}` }));
await page.fetch("/report", { method: "POST", body: JSON.stringify({ ...report, hasGpu } satisfies OnnxReport) });
