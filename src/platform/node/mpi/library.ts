import { createRequire } from "node:module";
import { MokaError, reasonOf } from "../../../util/errors.js";
import { oneLine } from "../../../util/escape.js";
import { bindMpi, type Koffi, type Mpi } from "./functions.js";

const require = createRequire(import.meta.url);

type Environment = Readonly<Record<string, string | undefined>>;

const openMpi: readonly string[] = ["libmpi.so.40", "/usr/lib64/openmpi/lib/libmpi.so.40"];
const mpich: readonly string[] = ["libmpich.so.12", "libmpi.so.12", "/usr/lib64/mpich/lib/libmpi.so.12"];
/** Homebrew links either MPI under this name. */
const homebrew: readonly string[] = ["/opt/homebrew/lib/libmpi.dylib", "/usr/local/lib/libmpi.dylib", "libmpi.dylib"];

/** What started this process as one rank of several. */
export interface Launcher {
  readonly name: string;
  /** The number of ranks; undefined if the launcher does not tell. */
  readonly size: number | undefined;
  readonly libraries: readonly string[];
}

/** The launcher that the environment speaks of; undefined if the process was started by itself. */
export function launcherOf(env: Environment): Launcher | undefined {
  const size = (variable: string) => {
    const value = Number(env[variable]);
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  };
  if (env["OMPI_COMM_WORLD_SIZE"] !== undefined)
    return { name: "Open MPI's mpirun", size: size("OMPI_COMM_WORLD_SIZE"), libraries: openMpi };
  const tasks = size("SLURM_STEP_NUM_TASKS");
  if (env["PMI_RANK"] !== undefined)
    return { name: tasks ? "srun" : "MPICH's mpirun", size: size("PMI_SIZE") ?? tasks, libraries: mpich };
  if (env["PMIX_RANK"] !== undefined)
    return { name: tasks ? "srun" : "a launcher with PMIx", size: tasks, libraries: openMpi };
  return tasks === undefined ? undefined : { name: "srun", size: tasks, libraries: [] };
}

/** Names and paths of libraries, in the order in which they are tried. */
export function candidates(env: Environment, platform: NodeJS.Platform): readonly string[] {
  const wanted = env["MOKA_MPI"];
  if (wanted) return [wanted];
  if (platform === "win32") return [];
  if (platform === "darwin") return homebrew;
  return [...new Set([...(launcherOf(env)?.libraries ?? []), ...openMpi, ...mpich, "libmpi.so"])];
}

/** An MPI that was found, in a form that a thread can load for itself. */
export interface MpiLibrary {
  /** The file of the package that calls native functions. */
  readonly koffi: string;
  /** The library's name or path, for the system's loader. */
  readonly library: string;
}

/**
 * Looks for an MPI library: the one that `MOKA_MPI` names, else the one of the launcher that started this process, else Open MPI,
 * else MPICH.
 *
 * @throws MokaError `MOKA_UNSUPPORTED`, with the libraries that were tried, if there is none
 */
export function findMpi(
  env: Environment = process.env,
  platform = process.platform,
): MpiLibrary & { readonly mpi: Mpi } {
  const koffi = koffiPath();
  leaveMemoryAlone();
  const failures: string[] = [];
  for (const library of candidates(env, platform)) {
    try {
      return { koffi, library, mpi: loadMpi({ koffi, library }) };
    } catch (error) {
      const reason = oneLine(reasonOf(error));
      const isAbsent = !env["MOKA_MPI"] && /no such file|could not be found|not found/i.test(reason);
      failures.push(isAbsent ? library : `${oneLine(library)}: ${reason}`);
    }
  }
  const absent =
    "no MPI library was found: install Open MPI (Debian: openmpi-bin libopenmpi3) or MPICH (mpich libmpich12)";
  const missing = `${absent}, or name the library in MOKA_MPI`;
  const what = env["MOKA_MPI"] ? "MOKA_MPI names no MPI library that works" : missing;
  throw new MokaError(
    "MOKA_UNSUPPORTED",
    `${what} (tried ${failures.join(", ") || `none: on ${platform} none is known`})`,
  );
}

/**
 * UCX, through which MPICH and Open MPI send, patches `mmap` and `brk` in the running process when it starts, and tries them by
 * moving the end of the heap up and down. Node's other threads allocate memory meanwhile: now and then one lost its memory, and the
 * process crashed. UCX reads this variable when it is loaded. It then keeps no registrations of memory for InfiniBand from one
 * message to the next; who wants that sets `UCX_MEM_EVENTS=yes`. Known as issue 3831 of openucx/ucx.
 */
function leaveMemoryAlone(): void {
  process.env["UCX_MEM_EVENTS"] ??= "no";
}

function koffiPath(): string {
  try {
    const path = require.resolve("koffi");
    require(path);
    return path;
  } catch (cause) {
    const message = `no MPI without the package koffi, which cannot be loaded: ${reasonOf(cause).split("\n")[0]}`;
    throw new MokaError("MOKA_UNSUPPORTED", message, { cause });
  }
}

/**
 * Loads a library that was found, for the calling thread.
 *
 * MPI's progress takes more stack than the 256 KiB that koffi gives to calls on other threads: MPICH with UCX crashes. Stacks can
 * be set only before the first library is loaded. Where a native BLAS was loaded before, koffi's 1 MiB for calls on the same
 * thread stays, which was enough for both MPIs.
 */
export function loadMpi({ koffi: path, library }: MpiLibrary): Mpi {
  const koffi = require(path) as Koffi;
  try {
    koffi.config({ sync_stack_size: 8 << 20, async_stack_size: 8 << 20 });
  } catch {
    // A library was loaded before.
  }
  return bindMpi(koffi, library);
}
