import { check, reasonOf } from "../util/errors.js";

type Library = typeof import("h5wasm");
type Module = Awaited<Library["ready"]>;

/** The HDF5 library, lent to one piece of work. */
export interface Hdf5Library {
  readonly library: Library;
  readonly module: Module;
  /** A path in the library's file system in memory. What is there after the work is removed. */
  readonly path: string;
  /** Calls the library: all calls of it stand in here. What it throws is thrown. */
  call<T>(work: () => T): T;
}

/** The fields used here of the library's file system that its types lack. */
interface OpenStreams {
  readonly streams: readonly ({ readonly path?: string } | null | undefined)[];
  close(stream: unknown): void;
}

let files = 0;

/** Lends the HDF5 library, which the first call loads, to a piece of work. */
export async function withHdf5<T>(work: (hdf5: Hdf5Library) => Promise<T>): Promise<T> {
  const hasWebAssembly = "WebAssembly" in globalThis;
  check(
    hasWebAssembly,
    "MOKA_UNSUPPORTED",
    "HDF5 needs WebAssembly, which is switched off here (node --jitless does that)",
  );
  const library = await import("h5wasm");
  const module = await library.ready;
  files += 1;
  const path = `/moka-${files}.h5`;
  try {
    return await work({ library, module, path, call: (part) => callLibrary(module, part) });
  } finally {
    if (module.FS.analyzePath(path).exists) module.FS.unlink(path);
  }
}

/**
 * Calls the library with its errors thrown, where it would write them to the console.
 *
 * It throws through its own C code, which then neither sets its stack back nor closes the file with the error's text. After two
 * thousand errors it would crash; so both are done here. What stays is about 4 KB of its memory for each error.
 */
function callLibrary<T>(module: Module & { _mokaWork?: () => void }, work: () => T): T {
  let result: { readonly value: T } | { readonly error: unknown } | undefined;
  module._mokaWork = () => {
    try {
      module.activate_throwing_error_handler();
      result = { value: work() };
    } catch (error) {
      result = { error };
    }
  };
  // `ccall` sets the stack back to where it was before it put its arguments there.
  module.ccall("mokaWork", null, ["string"], [""]);
  if (result && "value" in result) return result.value;
  removeErrorTexts(module);
  throw result?.error;
}

function removeErrorTexts({ FS }: Module): void {
  const isErrorText = (path: string | undefined) => path?.startsWith("/tmp/tmpfile_");
  const open = FS as unknown as OpenStreams;
  for (const stream of open.streams) if (stream && isErrorText(stream.path)) open.close(stream);
  for (const name of FS.readdir("/tmp")) if (isErrorText(`/tmp/${name}`)) FS.unlink(`/tmp/${name}`);
}

/** The last, innermost cause in the library's message: `… in H5F__super_read(): file signature not found`. */
export function hdf5Reason(error: unknown): string {
  const reasons = [...reasonOf(error).matchAll(/ in \w+\(\): (.*)/g)];
  return reasons.at(-1)?.[1] ?? reasonOf(error);
}
