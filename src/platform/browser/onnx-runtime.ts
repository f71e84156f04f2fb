import { MokaError, reasonOf } from "../../util/errors.js";
import type { OnnxRuntime } from "../onnx-runtime.js";

/**
 * Finds ONNX Runtime in a page: the global `ort` that its script defines, or the module `onnxruntime-web`, which an import map of the
 * page gives. A bundler does not follow this import, so that pages without ONNX Runtime can be built; with a bundler the caller gives
 * the module.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` that says what to do
 */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  const global: unknown = Reflect.get(globalThis, "ort");
  if (global !== undefined) return global as OnnxRuntime;
  const name = "onnxruntime-web";
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as OnnxRuntime;
  } catch (error) {
    throw new MokaError(
      "MOKA_UNSUPPORTED",
      `ONNX Runtime is needed for this, and is not in the page (${reasonOf(error)}): import onnxruntime-web, and give it as ` +
        "`runtime`, or load its script before",
      { cause: error },
    );
  }
}
