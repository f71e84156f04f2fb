import { reasonOf } from "../util/errors.js";

type Library = typeof import("h5wasm");
type Module = Awaited<Library["ready"]>;

/** What one piece of work gets of the HDF5 library. */
export interface Hdf5Library {
  readonly library: Library;
  readonly module: Module;
  /** A path in the library's file system in memory. What is there after the work is removed. */
  readonly path: string;
}

/** Standard input and output: the streams that are always open. */
const ownStreams = 3;

/** The fields used here of the library's file system that its types lack. */
interface OpenStreams {
  readonly streams: readonly unknown[];
  close(stream: unknown): void;
}

let files = 0;

/**
 * Does a piece of work with the HDF5 library, which the first call loads. Errors are thrown, where the library would write
 * them to the console.
 *
 * The library throws through its own C code, which then neither sets its stack back nor closes what it opened for the
 * error's text. After two thousand errors it would crash; so both are done here. What stays is about 4 KB of its memory for
 * each error.
 */
export async function withHdf5<T>(work: (hdf5: Hdf5Library) => T): Promise<T> {
  const library = await import("h5wasm");
  const module: Module & { _mokaWork?: () => void } = await library.ready;
  files += 1;
  const path = `/moka-${files}.h5`;
  let result: { readonly value: T } | { readonly error: unknown } | undefined;
  module._mokaWork = () => {
    try {
      module.activate_throwing_error_handler();
      result = { value: work({ library, module, path }) };
    } catch (error) {
      result = { error };
    }
  };
  try {
    // `ccall` sets the stack back to where it was before it put its arguments there.
    module.ccall("mokaWork", null, ["string"], [""]);
  } finally {
    delete module._mokaWork;
    const open = module.FS as unknown as OpenStreams;
    for (const stream of open.streams.slice(ownStreams)) if (stream) open.close(stream);
    for (const name of module.FS.readdir("/tmp")) if (name.startsWith("tmpfile_")) module.FS.unlink(`/tmp/${name}`);
    if (module.FS.analyzePath(path).exists) module.FS.unlink(path);
  }
  if (result && "value" in result) return result.value;
  throw result?.error;
}

/** The last, innermost cause in the library's message: `… in H5F__super_read(): file signature not found`. */
export function hdf5Reason(error: unknown): string {
  const reasons = [...reasonOf(error).matchAll(/ in \w+\(\): (.*)/g)];
  return reasons.at(-1)?.[1] ?? reasonOf(error);
}
