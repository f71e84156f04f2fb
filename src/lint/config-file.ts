import type { Files } from "../util/files.js";

/** The name of the settings file. It is searched for in the folder of the linted file and in its parents. */
export const configName = "moka.config.json";

/** The path of the settings file of the first of these folders that has one. */
export async function nearestConfig(folders: Iterable<string>, files: Files): Promise<string | undefined> {
  for (const folder of folders) {
    const path = folder === "." ? configName : `${folder.replace(/[/\\]$/, "")}/${configName}`;
    if (await files.exists(path)) return path;
  }
  return undefined;
}
