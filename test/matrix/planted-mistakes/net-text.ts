// A net as layers that can be changed, and the text that says them.

/** A layer as it is written. */
export interface LayerText {
  name: string;
  type: string;
  bottom: string[];
  top: string[];
  /** The text within each `param { … }`. */
  params: string[];
  /** The text within each `include { … }`. */
  include: string[];
  /** The fields of its messages: `scale_param` → `bias_term` → `true`. A value in braces is a message. */
  fields: Record<string, Record<string, string>>;
}

/** A BatchNorm with the layers around it. */
export interface Block {
  /** The convolution or inner product before it, whose top it alone reads. */
  readonly before: LayerText | undefined;
  /** One layer, or one for TRAIN and one for TEST. */
  readonly norms: LayerText[];
  readonly scale: LayerText;
  readonly activation: LayerText | undefined;
  /** The number of channels. */
  readonly channels: number;
}

export type Family = "convolutions" | "inner" | "residual" | "inception" | "siamese" | "depthwise" | "pre-activation";

/** The blobs of each layer, as a caffemodel has them. */
export type Weights = Record<string, { shape: readonly number[]; data: number[] }[]>;

export interface DrawnNet {
  readonly kind: "train_val" | "deploy";
  readonly family: Family;
  readonly layers: LayerText[];
  readonly blocks: Block[];
  /** The fields of the solver that trains it. */
  solver: Record<string, string> | undefined;
  /** Whether the net stands in the solver's own text, as `net_param`. */
  readonly isInSolver: boolean;
  weights: Weights | undefined;
  /** Whether each layer takes one line. */
  readonly isTerse: boolean;
  /** The shape of `data`, and of `label` if there are labels. */
  readonly inputs: Record<string, number[]>;
}

/** The path that a solver has for a net that is not in its own text. */
export const netFile = "train_val.prototxt";

export function netText({ layers, isTerse }: Pick<DrawnNet, "layers" | "isTerse">): string {
  return ['name: "drawn"', ...layers.map((layer) => layerText(layer, isTerse))].join("\n");
}

export function solverText({ solver, isInSolver, ...net }: DrawnNet): string {
  const fields = Object.entries(solver ?? {}).map(([name, value]) => `${name}: ${value}`);
  const own = isInSolver ? `net_param {\n${netText({ ...net })}\n}` : `net: "${netFile}"`;
  return [own, ...fields].join("\n");
}

function layerText({ name, type, bottom, top, params, include, fields }: LayerText, isTerse: boolean): string {
  const lines = [
    `name: "${name}"`,
    `type: "${type}"`,
    ...bottom.map((each) => `bottom: "${each}"`),
    ...top.map((each) => `top: "${each}"`),
    ...include.map((each) => `include { ${each} }`),
    ...params.map((each) => `param { ${each} }`),
    ...Object.entries(fields).flatMap(([message, values]) => messageText(message, values)),
  ];
  return isTerse ? `layer { ${lines.join(" ")} }` : `layer {\n  ${lines.join("\n  ")}\n}`;
}

function messageText(message: string, values: Readonly<Record<string, string>>): string[] {
  const texts = Object.entries(values).map(([name, value]) =>
    value.startsWith("{") ? `${name} ${value}` : `${name}: ${value}`,
  );
  if (message === "") return texts;
  return texts.length === 0 ? [] : [`${message} { ${texts.join(" ")} }`];
}
