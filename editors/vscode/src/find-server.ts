import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * The `moka` to start: the one of the setting; else the one that is installed in a folder of the workspace; else the one on the PATH.
 */
export function findServer(setting: string, folders: readonly string[], platform: NodeJS.Platform): string {
  if (setting !== "") return setting;
  const name = platform === "win32" ? "moka.cmd" : "moka";
  const installed = folders.map((folder) => join(folder, "node_modules", ".bin", name));
  return installed.find(existsSync) ?? "moka";
}
