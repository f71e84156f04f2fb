import { readFile } from "node:fs/promises";
import { check, MokaError, reasonOf } from "../util/errors.js";
import { parseYaml } from "../util/yaml.js";
import { option, type Parameter } from "./command.js";

/** The option of commands that run nets with layers of py-faster-rcnn. */
export const cfgOption: Parameter<string | undefined> = option(
  "--cfg <file>",
  "settings of py-faster-rcnn's Python layers, as in its experiments/cfgs/*.yml; or JSON",
);

/** @throws MokaError `MOKA_FILE`, `MOKA_PARSE`, or `MOKA_USAGE` if the file holds no settings by name */
export async function readCfg(file: string | undefined): Promise<Readonly<Record<string, unknown>> | undefined> {
  if (file === undefined) return undefined;
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new MokaError("MOKA_FILE", `cannot read ${file}: ${reasonOf(error)}`, { cause: error });
  }
  const cfg: unknown = file.endsWith(".json") ? parseJson(text, file) : parseYaml(text, file);
  check(
    typeof cfg === "object" && cfg !== null && !Array.isArray(cfg),
    "MOKA_USAGE",
    `${file} holds no settings by name, as TRAIN: and lines below it`,
  );
  return { ...cfg };
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new MokaError("MOKA_PARSE", `${file}: ${reasonOf(error)}`, { cause: error });
  }
}
