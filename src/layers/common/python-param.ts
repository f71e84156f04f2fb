import type { Layer } from "../../core/layer.js";
import { reasonOf } from "../../util/errors.js";
import { parseYaml, type YamlValue } from "../../util/yaml.js";

/**
 * What `param_str` of a Python layer says; null where it is empty.
 *
 * @throws MokaError `MOKA_FIELD` if it cannot be read
 */
export function readParamStr(layer: Layer): YamlValue {
  try {
    return parseYaml(layer.message.pythonParam?.paramStr ?? "", "python_param.param_str");
  } catch (error) {
    throw layer.error("MOKA_FIELD", reasonOf(error), error);
  }
}

/** The `param_str` of a Python layer, as names and values. */
export class PythonParam {
  readonly #layer: Layer;
  readonly #values: Readonly<Record<string, YamlValue>>;

  /** @throws MokaError `MOKA_FIELD` if `param_str` cannot be read, or has other names than these */
  constructor(layer: Layer, names: readonly string[]) {
    this.#layer = layer;
    const values = readParamStr(layer);
    const isMap = typeof values === "object" && values !== null && !Array.isArray(values);
    layer.check(
      isMap || values === null,
      "MOKA_FIELD",
      `python_param.param_str must give values by name, as "'feat_stride': 16", not ${JSON.stringify(layer.message.pythonParam?.paramStr ?? "")}`,
    );
    this.#values = (values ?? {}) as Record<string, YamlValue>;
    const other = Object.keys(this.#values).find((name) => !names.includes(name));
    layer.check(
      other === undefined,
      "MOKA_FIELD",
      `python_param.param_str gives "${other}"; this layer knows ${names.join(", ")}`,
    );
  }

  /** A number greater than 0, or at least `least`. */
  number(name: string, initial: number | undefined, least = 1): number {
    const value = this.#values[name] ?? initial;
    const isRight = typeof value === "number" && value >= least;
    this.#layer.check(
      isRight,
      "MOKA_FIELD",
      `python_param.param_str must give ${name}, a number of at least ${least}, not ${JSON.stringify(value ?? null)}`,
    );
    return value;
  }

  /** Numbers greater than 0. */
  numbers(name: string, initial: readonly number[]): readonly number[] {
    const value = this.#values[name] ?? initial;
    const isRight =
      Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "number" && each > 0);
    this.#layer.check(
      isRight,
      "MOKA_FIELD",
      `python_param.param_str: ${name} must be a list of numbers greater than 0, not ${JSON.stringify(value)}`,
    );
    return value as readonly number[];
  }
}
