// One layer, exported and run in ONNX Runtime.
import { expect, test } from "vitest";
import type { ExportNetOptions } from "../../src/api/export-onnx.js";
import type { Shape } from "../../src/util/shape.js";
import { exportError, exported, weightsOf } from "./exported.js";

/** A net of inputs `x0`, `x1`, … of these shapes, and one layer that reads them. Its top is `y`, unless its text names tops. */
export function oneLayer(layer: string, ...shapes: readonly Shape[]): string {
  const inputs = shapes.map((shape, i) => {
    const dims = shape.map((size) => `dim: ${size} `).join("");
    return `layer { name: "x${i}" type: "Input" top: "x${i}" input_param { shape { ${dims}} } }\n`;
  });
  const bottoms = shapes.map((_, i) => `bottom: "x${i}" `).join("");
  return `${inputs.join("")}layer { name: "layer" ${bottoms}${layer.includes("top:") ? "" : 'top: "y" '}${layer} }`;
}

interface TestOptions {
  /** The largest difference, relative to the largest value. Default 1e-6. */
  readonly error?: number;
  /** Default: 11 and 22. */
  readonly opsets?: readonly number[];
  /** The batch size of a second run, in which the inputs with the batch of the first have it; 0 for none. Default 5. */
  readonly batch?: number;
  /** The values of inputs. */
  readonly draw?: (index: number, input: string) => number;
  /** The values of the layer's parameters. */
  readonly params?: readonly (readonly [shape: Shape, values: readonly number[]])[];
  readonly export?: ExportNetOptions;
}

/** The opsets with another form of an operator that reduces, softens, squeezes or splits. */
export const allForms = [11, 12, 13, 18, 22] as const;

/** Tests that one layer computes in ONNX Runtime what it computes in Moka, for batches of any size. */
export function testExport(layer: string, shapes: readonly Shape[], options: TestOptions = {}): void {
  const { error = 1e-6, opsets = [11, 22], batch = 5, draw, params } = options;
  const size = shapes[0]?.[0];
  const larger = Object.fromEntries(
    shapes.flatMap((shape, i) => (shape[0] === size ? [[`x${i}`, [batch, ...shape.slice(1)]]] : [])),
  );
  const weights =
    params && weightsOf({ layer: params.map(([shape, data]) => ({ shape, data: Float32Array.from(data) })) });
  test.each(opsets)(`${layer} of ${shapes.map((shape) => shape.join("×")).join(", ")} in opset %i`, async (opset) => {
    const found = exportError(oneLayer(layer, ...shapes), {
      opset,
      batch: batch > 0 ? "dynamic" : undefined,
      more: batch > 0 ? [larger] : [],
      ...(draw && { draw }),
      ...(weights && { weights }),
      ...options.export,
    });
    expect(await found).toBeLessThanOrEqual(error);
  });
}

/** The operators that one layer becomes. */
export async function operatorsOf(
  layer: string,
  shapes: readonly Shape[],
  options?: ExportNetOptions,
): Promise<string[]> {
  const { exported: net } = await exported(oneLayer(layer, ...shapes), undefined, options);
  return net.model.graph?.node.map(({ opType }) => opType) ?? [];
}
