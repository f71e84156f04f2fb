import { stat } from "node:fs/promises";

/** When a file was last written to, in ms since 1970; undefined if there is none. */
export async function modifiedAt(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
