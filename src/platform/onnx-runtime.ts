/**
 * The part of ONNX Runtime's packages that Moka uses: `onnxruntime-node` and `onnxruntime-web` both have it. They are installed by the
 * user, beside Moka.
 */
export interface OnnxRuntime {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: OnnxSessionOptions): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OnnxTensor;
  readonly env?: {
    readonly versions?: Readonly<Record<string, string | undefined>>;
    /** In a page: settings of its WebAssembly, which count until the first session is opened; `proxy`: it works in a worker of its own. */
    readonly wasm?: { numThreads?: number; proxy?: boolean };
  };
  /** The execution providers that this build can take, in Node; not bundled: its libraries are installed apart. All may need a device. */
  readonly listSupportedBackends?: () => readonly { readonly name: string; readonly bundled?: boolean }[];
}

/** The module of ONNX Runtime as a caller gives it: its own types have many forms of each call, and may be of any version. */
export interface OnnxRuntimeModule {
  readonly InferenceSession: { readonly create: unknown };
  readonly Tensor: unknown;
}

export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: unknown;
  /** The values, also where they lie on a GPU. */
  getData?(): Promise<unknown>;
}

/** See ONNX Runtime's own documentation for all options. */
export interface OnnxSessionOptions {
  readonly executionProviders?: readonly (string | object)[];
  readonly graphOptimizationLevel?: "disabled" | "basic" | "extended" | "all";
  readonly intraOpNumThreads?: number;
  readonly interOpNumThreads?: number;
  readonly logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  readonly externalData?: readonly { readonly path: string; readonly data: Uint8Array }[];
}

export interface OnnxSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OnnxTensor>>): Promise<Readonly<Record<string, OnnxTensor>>>;
  /** @param fetches the outputs that are wanted */
  run(
    feeds: Readonly<Record<string, OnnxTensor>>,
    fetches: readonly string[],
  ): Promise<Readonly<Record<string, OnnxTensor>>>;
  release(): Promise<void>;
}
