import { MokaError, reasonOf } from "../../util/errors.js";

/**
 * Loads a codec at its first use; after a failure, again at the next. The image may well be sound if its codec cannot be
 * loaded, as in a page whose server lacks a part of its bundle.
 *
 * @returns a function that throws a MokaError `MOKA_UNSUPPORTED` if `load` fails
 */
export function loadOnce<T>(what: string, load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = undefined;
      throw new MokaError("MOKA_UNSUPPORTED", `${what} could not be loaded: ${reasonOf(error)}`, { cause: error });
    });
    return loaded;
  };
}
