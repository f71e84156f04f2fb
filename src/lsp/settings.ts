import { parseConfig } from "../lint/config.js";
import { nearestConfig } from "../lint/config-file.js";
import type { Levels } from "../lint/lint.js";
import { rules } from "../lint/rules/index.js";
import type { Files } from "../util/files.js";
import { foldersAbove } from "../util/paths.js";

/** The levels of rules for each file, from the nearest `moka.config.json`. They are read once, until `forget`. */
export class Settings {
  readonly #files: Files;
  readonly #known = new Map<string, Promise<Levels>>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** @throws MokaError `MOKA_USAGE` for a settings file that is wrong */
  of(path: string): Promise<Levels> {
    const folders = foldersAbove(path);
    const [folder = ""] = folders;
    const levels = this.#known.get(folder) ?? this.#read(folders);
    this.#known.set(folder, levels);
    return levels;
  }

  forget(): void {
    this.#known.clear();
  }

  async #read(folders: readonly string[]): Promise<Levels> {
    const path = await nearestConfig(folders, this.#files);
    return path === undefined ? {} : parseConfig(await this.#files.readText(path), path, rules);
  }
}
