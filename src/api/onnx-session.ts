import { loadOnnxRuntime } from "#platform";
import type { OnnxRuntime, OnnxRuntimeModule, OnnxSession, OnnxSessionOptions } from "../platform/onnx-runtime.js";
import { check, MokaError, reasonOf } from "../util/errors.js";

/** Where and how ONNX Runtime computes. */
export interface OnnxRuntimeOptions {
  /**
   * The execution provider: `cpu`, `cuda`, `tensorrt`, `coreml`, `dml`, `openvino`, … in Node; `wasm`, `webgpu`, `webnn` in a page.
   * Default: the runtime's own choice, `cpu` or `wasm`. A provider computes the operators that it has; ONNX Runtime has the others
   * computed by its CPU, which `sessionOptions` can forbid.
   */
  readonly provider?: string | undefined;
  /**
   * The module of ONNX Runtime, if it is not to be found by itself: `import * as runtime from "onnxruntime-web"`. Default: in Node
   * `onnxruntime-node`, in a page the global `ort`, or `onnxruntime-web` of an import map.
   */
  readonly runtime?: OnnxRuntimeModule | undefined;
  /** Threads that ONNX Runtime computes with on the CPU. Default: its own choice, in Node one for each core. */
  readonly threads?: number | undefined;
  /** Further options of ONNX Runtime's session, as its own documentation has them: they go before those above. */
  readonly sessionOptions?: OnnxSessionOptions | undefined;
}

/** ONNX Runtime itself, and its session of one model. */
export interface OpenSession {
  readonly runtime: OnnxRuntime;
  readonly session: OnnxSession;
}

/**
 * Opens a model in ONNX Runtime.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` if ONNX Runtime is missing, has no such provider or refuses the model; `MOKA_USAGE` for
 *   options that cannot be
 */
export async function openSession(
  model: Uint8Array,
  { provider, runtime: given, threads, sessionOptions = {} }: OnnxRuntimeOptions,
): Promise<OpenSession> {
  check(
    provider === undefined || (typeof provider === "string" && provider !== ""),
    "MOKA_USAGE",
    `provider must be a name, as "cpu" or "webgpu", not ${JSON.stringify(provider)}`,
  );
  check(
    threads === undefined || (Number.isInteger(threads) && threads > 0),
    "MOKA_USAGE",
    `threads must be 1 or more, not ${threads}`,
  );
  const runtime = given === undefined ? await loadOnnxRuntime() : (given as OnnxRuntime);
  check(
    typeof runtime?.InferenceSession?.create === "function" && typeof runtime.Tensor === "function",
    "MOKA_USAGE",
    'runtime must be the module of ONNX Runtime, as of import * as runtime from "onnxruntime-web"',
  );
  const known = runtime.listSupportedBackends?.();
  const named = known?.map(({ name, bundled = true }) => (bundled ? name : `${name} (if its libraries are installed)`));
  const all = named ? `; this build of it has ${named.join(", ")}` : "";
  check(
    provider === undefined || !known || known.some(({ name }) => name === provider),
    "MOKA_UNSUPPORTED",
    `ONNX Runtime has no provider "${provider}" here${all}`,
  );
  // In a page, the threads are those of the whole runtime: it takes them when it opens its first session.
  if (threads !== undefined && runtime.env?.wasm) runtime.env.wasm.numThreads = threads;
  try {
    const session = await runtime.InferenceSession.create(model, {
      // Warnings of the runtime's own passes are of no use to who has no ONNX file.
      logSeverityLevel: 3,
      ...sessionOptions,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      // One provider alone: of several, the runtime passes over those that it cannot start.
      ...(provider !== undefined && { executionProviders: [provider] }),
    });
    return { runtime, session };
  } catch (error) {
    const what = provider === undefined ? "cannot open the exported net" : `cannot open the net with "${provider}"`;
    throw new MokaError("MOKA_UNSUPPORTED", `ONNX Runtime ${what}: ${reasonOf(error).trim()}${all}`, { cause: error });
  }
}
