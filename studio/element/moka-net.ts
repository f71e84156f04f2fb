/**
 * `<moka-net src="deploy.prototxt" weights="net.caffemodel">`: a net in anyone's page, by one script tag. It shows the graph, and with
 * weights it classifies pictures that a reader chooses or drops. All runs in the reader's browser, in a worker.
 *
 * Attributes: `src`, a prototxt or a caffemodel, which holds its net; `weights`; `labels`, a text with one class a line; `phase` (TEST) and
 * `stage`; `mean`, one value or one for each channel; `scale` (1); `order` (BGR); `lang`.
 */
import { connect, type Net, type WorkerMoka } from "moka-caffe/worker";
import { inputFromPixels, type PixelForm, pixelsOf, topOf } from "../src/pixels.js";
import style from "./moka-net.css?inline";
import MokaWorker from "./worker.js?worker&inline";

const words = {
  en: {
    loading: "Loading the net…",
    graph: (name: string) => `Graph of the net ${name}`,
    choose: "Choose a picture, or drop one here",
    size: (channels: number, height: number, width: number) =>
      `The net sees ${channels} × ${height} × ${width} values of it.`,
    noInput: "This net has no input for a picture, of one or three channels.",
    classNumber: (index: number) => `class ${index}`,
    notPicture: (name: string) => `${name} is no picture that this browser reads`,
    answer: "The likeliest classes",
  },
  zh: {
    loading: "正在加载网络…",
    graph: (name: string) => `网络 ${name} 的结构图`,
    choose: "选择一张图片，或把图片拖到这里",
    size: (channels: number, height: number, width: number) =>
      `网络看到的是其中 ${channels} × ${height} × ${width} 个值。`,
    noInput: "这个网络没有一个或三个通道的图像输入。",
    classNumber: (index: number) => `类别 ${index}`,
    notPicture: (name: string) => `${name} 不是浏览器能读取的图片`,
    answer: "最可能的类别",
  },
} as const;

let shared: WorkerMoka | undefined;
/** All elements of a page have one worker. */
function moka(): WorkerMoka {
  shared ??= connect(new MokaWorker());
  return shared;
}

/** The most classes that are shown. */
const shown = 5;

class MokaNet extends HTMLElement {
  static readonly observedAttributes = ["src", "weights", "labels", "phase", "stage", "mean", "scale", "order"];
  readonly #root = this.attachShadow({ mode: "open" });
  #net: Net | undefined;
  #labels: readonly string[] = [];
  /** Counts the loads: an answer to an earlier one is dropped. */
  #loads = 0;
  #isWaiting = false;

  connectedCallback(): void {
    this.#load();
  }

  disconnectedCallback(): void {
    this.#loads++;
    void this.#net?.dispose();
    this.#net = undefined;
  }

  attributeChangedCallback(): void {
    if (this.isConnected) this.#load();
  }

  get #words() {
    const language = this.closest("[lang]")?.getAttribute("lang") ?? document.documentElement.lang;
    return /^zh\b/i.test(language) ? words.zh : words.en;
  }

  /** Several attributes that change at once load the net once. */
  #load(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    queueMicrotask(() => {
      this.#isWaiting = false;
      this.#show().catch((error: unknown) => this.#say(error instanceof Error ? error.message : String(error)));
    });
  }

  async #show(): Promise<void> {
    const mine = ++this.#loads;
    const src = this.getAttribute("src");
    if (!src) return;
    this.#root.replaceChildren(make("style", style), make("p", this.#words.loading, { role: "status" }));
    const address = new URL(src, document.baseURI).href;
    const stage = this.getAttribute("stage");
    const options = {
      phase: this.getAttribute("phase") === "TRAIN" ? ("TRAIN" as const) : ("TEST" as const),
      ...(stage ? { stages: stage.split(",") } : {}),
    };
    const svg = await moka().drawNet(address, options);
    if (mine !== this.#loads) return;
    const figure = make("figure");
    const name = src.replace(/^.*\//, "");
    // A picture of its own: no script in it can run, whatever the net's names are.
    const image = make("img", "", {
      alt: this.#words.graph(name),
      src: URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" })),
    });
    image.addEventListener("load", () => URL.revokeObjectURL(image.src), { once: true });
    figure.append(image);
    this.#root.replaceChildren(make("style", style), figure);
    const weights = this.getAttribute("weights") ?? (/\.caffemodel(?:\.h5)?(?:$|\?)/.test(src) ? src : undefined);
    if (weights !== undefined)
      await this.#offerPictures(address, new URL(weights, document.baseURI).href, options, mine);
  }

  async #offerPictures(src: string, weights: string, options: object, mine: number): Promise<void> {
    const labels = this.getAttribute("labels");
    const net = await moka().Net.load(src, { ...options, weights });
    if (mine !== this.#loads) return void net.dispose();
    void this.#net?.dispose();
    this.#net = net;
    this.#labels = labels ? (await textOf(labels)).split(/\r?\n/).filter(Boolean) : [];
    const input = net.inputs[0];
    const [, channels = 0, height = 0, width = 0] = (input !== undefined && net.blobs.get(input)?.shape) || [];
    if (channels !== 1 && channels !== 3) return this.#say(this.#words.noInput);
    const chooser = make("label", this.#words.choose, { class: "choose", part: "choose" });
    const file = make("input", "", { type: "file", accept: "image/*" });
    const answer = make("ol", "", { "aria-label": this.#words.answer, "aria-live": "polite", part: "answer" });
    chooser.append(make("small", this.#words.size(channels, height, width)), file);
    const take = (chosen: File | undefined) => {
      if (!chosen) return;
      this.#classify(net, chosen, [channels, height, width], answer).catch((error: unknown) => {
        this.#say(error instanceof Error ? error.message : String(error));
      });
    };
    file.addEventListener("change", () => take(file.files?.[0]));
    chooser.addEventListener("dragover", (event) => event.preventDefault());
    chooser.addEventListener("drop", (event) => {
      event.preventDefault();
      take(event.dataTransfer?.files[0]);
    });
    this.#root.append(chooser, answer);
  }

  async #classify(net: Net, file: File, size: readonly [number, number, number], list: HTMLElement): Promise<void> {
    const picture = await createImageBitmap(file).catch(() => {
      throw new Error(this.#words.notPicture(file.name));
    });
    const [, height, width] = size;
    const values = inputFromPixels(pixelsOf(picture, width, height), size, this.#form);
    picture.close();
    const [input = ""] = net.inputs;
    const batch = net.blobs.get(input)?.shape[0] ?? 1;
    const all = new Float32Array(batch * values.length);
    for (let i = 0; i < batch; i++) all.set(values, i * values.length);
    const outputs = await net.forward({ [input]: all });
    const [name = ""] = net.outputs;
    const scores = outputs[name] ?? new Float32Array();
    const rows = topOf(scores.subarray(0, scores.length / batch), shown).map(({ index, value }) => {
      const row = make("li");
      row.append(
        make("span", this.#labels[index] ?? this.#words.classNumber(index)),
        make("meter", "", { min: "0", max: "1", value: String(value), "aria-hidden": "true" }),
        make("output", value >= 0 && value <= 1 ? `${(100 * value).toFixed(1)} %` : value.toPrecision(4)),
      );
      return row;
    });
    list.replaceChildren(...rows);
    this.dispatchEvent(new CustomEvent("moka-answer", { detail: { outputs } }));
  }

  get #form(): PixelForm {
    return {
      order: this.getAttribute("order") === "RGB" ? "RGB" : "BGR",
      mean: (this.getAttribute("mean") ?? "0").split(",").map(Number),
      scale: Number(this.getAttribute("scale") ?? 1),
    };
  }

  #say(text: string): void {
    this.#root.querySelector(".said")?.remove();
    this.#root.append(make("p", text, { class: "said", role: "alert" }));
  }
}

async function textOf(address: string): Promise<string> {
  const response = await fetch(new URL(address, document.baseURI));
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.text();
}

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text = "",
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

if (!customElements.get("moka-net")) customElements.define("moka-net", MokaNet);
