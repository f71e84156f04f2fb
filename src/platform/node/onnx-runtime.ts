import { MokaError, reasonOf } from "../../util/errors.js";
import type { OnnxRuntime } from "../onnx-runtime.js";

/**
 * Loads ONNX Runtime, the package `onnxruntime-node`, which a user installs beside Moka.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` that says how to install it, or why it does not load
 */
export async function loadOnnxRuntime(): Promise<OnnxRuntime> {
  try {
    const loaded: { readonly default: unknown } = await import("onnxruntime-node");
    return loaded.default as OnnxRuntime;
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    const reason = isMissing ? "it is not installed" : `it does not load: ${reasonOf(error)}`;
    throw new MokaError(
      "MOKA_UNSUPPORTED",
      `ONNX Runtime is needed for this, and ${reason}; npm install onnxruntime-node installs it`,
      { cause: error },
    );
  }
}
