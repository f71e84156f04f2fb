import { hostname } from "node:os";
import { alone } from "../../core/communicator.js";
import { MokaError } from "../../util/errors.js";
import { oneLine } from "../../util/escape.js";
import type { MpiCommunicator, MpiOptions } from "../mpi-communicator.js";
import { connectRanks } from "./mpi/communicator.js";
import { exitAtOnce } from "./mpi/exit.js";
import type { Handle, Mpi } from "./mpi/functions.js";
import { findMpi, launcherOf } from "./mpi/library.js";
import { processMark } from "./process-mark.js";

/** A process belongs to one MPI job, and MPI can be begun only once. */
let connected: Promise<MpiCommunicator> | undefined;

/**
 * Connects this process with the others that `mpirun`, `srun` or a scheduler has started with it. A process that was started by
 * itself is the one rank of its job. A second call gives the same communicator.
 *
 * @throws MokaError `MOKA_UNSUPPORTED` if there is no MPI library, or not the launcher's
 * @example
 * ```ts
 * const communicator = await connectMpi();
 * const solver = await Solver.load("solver.prototxt", { communicator, syncBatchNorm: true });
 * await solver.solve();
 * await solver.dispose();
 * await communicator.close();
 * ```
 */
export async function connectMpi({ timeout = 300 }: MpiOptions = {}): Promise<MpiCommunicator> {
  if (!(timeout > 0)) throw new MokaError("MOKA_USAGE", `the timeout of MPI is ${timeout} seconds; it must be above 0`);
  connected ??= connect(timeout);
  return connected;
}

async function connect(timeout: number): Promise<MpiCommunicator> {
  const { mpi, koffi, library } = findMpi();
  const name = `${mpi.name} (${oneLine(library)})`;
  const { rank, size, comm, watchComm } = begin(mpi, name);
  const all = exchange(mpi, comm, size, { mark: processMark(), host: oneLine(hostname()) });
  const names = all.map(
    ({ host, mark }, i) => `rank ${i} of ${size} (host ${host}, process ${mark.split("-").at(-1)})`,
  );
  const self = { rank, size, names, library: name };
  if (size > 1) {
    const watch = { koffi, library, comm: watchComm, rank, names, marks: all.map(({ mark }) => mark), timeout };
    return connectRanks(mpi, comm, self, watch);
  }
  const reductionTimes = { calls: 0, bytes: 0, seconds: 0 };
  let isClosed = false;
  const close = async () => {
    if (!isClosed) mpi.finalize();
    isClosed = true;
  };
  return { ...alone, ...self, reductionTimes, failure: async () => undefined, close, exit: exitAtOnce };
}

/** MPI's level of threads that lets each of them call it. */
const threadMultiple = 3;

/** Begins MPI, and makes two communicators: one for calls of all ranks, one for what the ranks tell of themselves. */
function begin(mpi: Mpi, name: string) {
  if (mpi.isOpenMpi) chooseReduction();
  const result = new BigInt64Array(new SharedArrayBuffer(8));
  const at = mpi.addressOf(result);
  const int = () => new Int32Array(result.buffer)[0] ?? 0;
  const handle = (): Handle => (mpi.isOpenMpi ? Number(result[0]) : int());
  const call = (what: string, code: number) => {
    if (code !== 0) throw new MokaError("MOKA_RANK", `${name}: ${what} failed: ${oneLine(mpi.errorText(code))}`);
  };
  call("MPI_Init_thread", mpi.init(0, 0, threadMultiple, at));
  if (int() < threadMultiple) {
    const message = `${name} was built without MPI_THREAD_MULTIPLE: Moka waits for messages on one thread and computes on another`;
    throw new MokaError("MOKA_UNSUPPORTED", message);
  }
  const { world, errorsReturn } = mpi.constants;
  call("MPI_Comm_set_errhandler", mpi.setErrorHandler(world, errorsReturn));
  call("MPI_Comm_rank", mpi.commRank(world, at));
  const rank = int();
  call("MPI_Comm_size", mpi.commSize(world, at));
  const size = int();
  checkSize(name, size);
  const duplicate = (): Handle => {
    call("MPI_Comm_dup", mpi.commDup(world, at));
    const made = handle();
    call("MPI_Comm_set_errhandler", mpi.setErrorHandler(made, errorsReturn));
    return made;
  };
  return { rank, size, comm: duplicate(), watchComm: duplicate() };
}

/**
 * For `MPI_Iallreduce` in place Open MPI 4 sends whole arrays up and down a tree. Its algorithm 3, reduce-scatter and allgather,
 * sends each value twice: 60 MB on 2 ranks of one machine take 33 ms instead of 70. It gives all ranks the same bits, and falls
 * back to a ring where there are fewer values than ranks. A choice of the user stays.
 */
function chooseReduction(): void {
  process.env["OMPI_MCA_coll_libnbc_iallreduce_algorithm"] ??= "3";
}

function checkSize(name: string, size: number): void {
  const launcher = launcherOf(process.env);
  if (launcher?.size === undefined || launcher.size === size) return;
  const message = `${launcher.name} started ${launcher.size} processes, but ${name} sees ${size}: it is not the launcher's library`;
  const advice = `start with the launcher of ${name}, or name the library of ${launcher.name} in MOKA_MPI`;
  throw new MokaError("MOKA_UNSUPPORTED", `${message}; ${advice}`);
}

/** The name of a host has at most 253 characters. Where the system is not Linux, it is part of the mark too. */
const recordBytes = 1024;

/** Gives every rank what all ranks tell of themselves. */
function exchange<T>(mpi: Mpi, comm: Handle, size: number, own: T): readonly T[] {
  const record = new Uint8Array(recordBytes);
  record.set(new TextEncoder().encode(JSON.stringify(own)));
  const all = new Uint8Array(recordBytes * size);
  const { byte } = mpi.constants;
  const code = mpi.allGather(mpi.addressOf(record), recordBytes, byte, mpi.addressOf(all), recordBytes, byte, comm);
  if (code !== 0)
    throw new MokaError("MOKA_RANK", `${mpi.name}: MPI_Allgather failed: ${oneLine(mpi.errorText(code))}`);
  return Array.from({ length: size }, (_, rank) => {
    const text = new TextDecoder().decode(all.subarray(rank * recordBytes, (rank + 1) * recordBytes));
    return JSON.parse(text.replace(/\0+$/, "")) as T;
  });
}
