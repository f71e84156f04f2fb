import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { check } from "../util/errors.js";

/**
 * Throws if a command would overwrite a file that it reads.
 *
 * @param output what was given with -o
 * @param written the files that it means
 * @param what is done to the inputs: `folded`
 */
export async function checkOutput(
  output: string,
  written: readonly string[],
  inputs: readonly string[],
  what: string,
): Promise<void> {
  const whole = async (path: string) => realpath(path).catch(() => resolve(path));
  const taken = await Promise.all(inputs.map(whole));
  for (const path of written) {
    const isFree = !taken.includes(await whole(path));
    check(isFree, "MOKA_USAGE", `-o ${output} would overwrite ${path}, which is ${what}; give another name`);
  }
}
