import type { Reduction } from "../../../core/communicator.js";

/** The part of koffi that is used here. */
export interface Koffi {
  config(sizes: Readonly<Record<string, number>>): unknown;
  load(
    library: string | null,
    options?: { readonly global?: boolean },
  ): {
    func(declaration: string): (...args: unknown[]) => unknown;
    symbol(name: string): unknown;
  };
  address(value: unknown): bigint | number;
}

/** A communicator, a type, an operation: the address of a structure in Open MPI, an integer in MPICH. */
export type Handle = number;

/** Where MPI reads or writes, as an address of memory. */
export type Address = number;

/** The values that MPI's header gives to its names. */
interface Constants {
  readonly world: Handle;
  readonly byte: Handle;
  readonly float: Handle;
  readonly double: Handle;
  readonly reductions: Readonly<Record<Reduction, Handle>>;
  readonly errorsReturn: Handle;
  readonly inPlace: Address;
  readonly ignoreStatus: Address;
  readonly anySource: number;
  readonly anyTag: number;
  /** Where an `MPI_Status` has sender and tag, in 32-bit words. */
  readonly status: { readonly source: number; readonly tag: number };
}

/** Open MPI's handles are the addresses of its variables. The other values are those of its `mpi.h`. */
function openMpiConstants(symbol: (name: string) => Handle): Constants {
  return {
    world: symbol("ompi_mpi_comm_world"),
    byte: symbol("ompi_mpi_byte"),
    float: symbol("ompi_mpi_float"),
    double: symbol("ompi_mpi_double"),
    reductions: { sum: symbol("ompi_mpi_op_sum"), max: symbol("ompi_mpi_op_max"), min: symbol("ompi_mpi_op_min") },
    errorsReturn: symbol("ompi_mpi_errors_return"),
    inPlace: 1,
    ignoreStatus: 0,
    anySource: -1,
    anyTag: -1,
    status: { source: 0, tag: 1 },
  };
}

/** The values of MPICH's `mpi.h`, which all MPIs of the "MPICH ABI" share: Intel MPI, MVAPICH, Cray MPICH. */
const mpichConstants: Constants = {
  world: 0x44000000,
  byte: 0x4c00010d,
  float: 0x4c00040a,
  double: 0x4c00080b,
  reductions: { max: 0x58000001, min: 0x58000002, sum: 0x58000003 },
  errorsReturn: 0x54000001,
  inPlace: -1,
  ignoreStatus: 1,
  anySource: -2,
  anyTag: -1,
  status: { source: 2, tag: 3 },
};

/** MPI's functions for one thread. Each returns MPI's error code, 0 for success, unless it says otherwise. */
export interface Mpi {
  /** Its name and version: `Open MPI 4.1.4`. */
  readonly name: string;
  readonly isOpenMpi: boolean;
  readonly constants: Constants;
  readonly init: (argc: Address, argv: Address, wanted: number, provided: Address) => number;
  readonly finalize: () => number;
  readonly commRank: (comm: Handle, rank: Address) => number;
  readonly commSize: (comm: Handle, size: Address) => number;
  readonly commDup: (comm: Handle, made: Address) => number;
  readonly setErrorHandler: (comm: Handle, handler: Handle) => number;
  readonly allGather: (
    ...args: [from: Address, n: number, type: Handle, to: Address, n: number, type: Handle, comm: Handle]
  ) => number;
  readonly beginAllReduce: (
    ...args: [from: Address, to: Address, n: number, type: Handle, op: Handle, comm: Handle, request: Address]
  ) => number;
  readonly beginBroadcast: (
    ...args: [values: Address, n: number, type: Handle, root: number, comm: Handle, request: Address]
  ) => number;
  readonly beginGather: (
    ...args: [
      from: Address,
      n: number,
      type: Handle,
      to: Address,
      n: number,
      type: Handle,
      root: number,
      comm: Handle,
      r: Address,
    ]
  ) => number;
  readonly beginBarrier: (comm: Handle, request: Address) => number;
  readonly beginSend: (
    ...args: [from: Address, n: number, type: Handle, to: number, tag: number, comm: Handle, request: Address]
  ) => number;
  readonly beginReceive: (
    ...args: [into: Address, n: number, type: Handle, from: number, tag: number, comm: Handle, request: Address]
  ) => number;
  readonly receive: (
    ...args: [into: Address, n: number, type: Handle, from: number, tag: number, comm: Handle, status: Address]
  ) => number;
  /** Sets a 32-bit flag to 1 if the request has ended. Each test lets MPI go on with all messages. */
  readonly test: (request: Address, flag: Address, status: Address) => number;
  /** Sets a 32-bit flag to 1 if a message has come, and fills the status. */
  readonly probe: (from: number, tag: number, comm: Handle, flag: Address, status: Address) => number;
  readonly count: (status: Address, type: Handle, count: Address) => number;
  /** The text of an error code. */
  readonly errorText: (code: number) => string;
  /** Where an array's memory is. An empty array may have none. */
  readonly addressOf: (values: ArrayBufferView) => Address;
}

/**
 * Binds an MPI library for the calling thread.
 *
 * @throws Error if the library, or a function in it, does not exist, or if it is an MPI of neither kind
 */
export function bindMpi(koffi: Koffi, path: string): Mpi {
  // Open MPI's plugins look for its functions among the global ones.
  const library = koffi.load(path, { global: true });
  const symbol = (name: string): Handle => Number(koffi.address(library.symbol(name)));
  const isOpenMpi = has(() => symbol("ompi_mpi_comm_world"));
  const handle = isOpenMpi ? "intptr_t" : "int";
  const bind = <T>(declaration: string): T => {
    const written = declaration.replaceAll("handle ", `${handle} `).replaceAll("at ", "intptr_t ");
    return library.func(`int MPI_${written}`) as T;
  };
  const addressOf = (values: ArrayBufferView): Address => {
    return values.byteLength === 0 ? 0 : Number(koffi.address(new Uint8Array(values.buffer, values.byteOffset, 1)));
  };
  const text = new Uint8Array(new SharedArrayBuffer(16384));
  const textAt = addressOf(text);
  const length = new Int32Array(new SharedArrayBuffer(4));
  const lengthAt = addressOf(length);
  const written = () => new TextDecoder().decode(text.slice(0, length[0])).replace(/\0+$/, "");
  bind<(text: Address, length: Address) => number>("Get_library_version(at text, at length)")(textAt, lengthAt);
  const errorString = bind<(code: number, text: Address, length: Address) => number>(
    "Error_string(int code, at text, at length)",
  );
  return {
    name: nameOf(written(), isOpenMpi),
    isOpenMpi,
    constants: isOpenMpi ? openMpiConstants(symbol) : mpichConstants,
    init: bind("Init_thread(at argc, at argv, int wanted, at provided)"),
    finalize: bind("Finalize()"),
    commRank: bind("Comm_rank(handle comm, at rank)"),
    commSize: bind("Comm_size(handle comm, at size)"),
    commDup: bind("Comm_dup(handle comm, at made)"),
    setErrorHandler: bind("Comm_set_errhandler(handle comm, handle handler)"),
    allGather: bind("Allgather(at from, int n, handle type, at to, int m, handle type2, handle comm)"),
    beginAllReduce: bind("Iallreduce(at from, at to, int n, handle type, handle op, handle comm, at request)"),
    beginBroadcast: bind("Ibcast(at values, int n, handle type, int root, handle comm, at request)"),
    beginGather: bind(
      "Igather(at from, int n, handle type, at to, int m, handle type2, int root, handle comm, at request)",
    ),
    beginBarrier: bind("Ibarrier(handle comm, at request)"),
    beginSend: bind("Isend(at from, int n, handle type, int to, int tag, handle comm, at request)"),
    beginReceive: bind("Irecv(at into, int n, handle type, int from, int tag, handle comm, at request)"),
    receive: bind("Recv(at into, int n, handle type, int from, int tag, handle comm, at status)"),
    test: bind("Test(at request, at flag, at status)"),
    probe: bind("Iprobe(int from, int tag, handle comm, at flag, at status)"),
    count: bind("Get_count(at status, handle type, at count)"),
    errorText: (code) => (errorString(code, textAt, lengthAt) === 0 ? written() : `error ${code}`),
    addressOf,
  };
}

function has(find: () => unknown): boolean {
  try {
    find();
    return true;
  } catch {
    return false;
  }
}

/** The short name in what `MPI_Get_library_version` tells. Only libraries with known constants are taken. */
function nameOf(version: string, isOpenMpi: boolean): string {
  const line = version.split("\n")[0] ?? "";
  const open = /Open MPI v?([\w.]+)/.exec(line);
  if (isOpenMpi) return open ? `Open MPI ${open[1]}` : "Open MPI";
  const mpich = /MPICH Version:\s*([\w.]+)/.exec(version);
  if (mpich) return `MPICH ${mpich[1]}`;
  const relative = /Intel\(R\) MPI Library|MVAPICH\S*|CRAY MPICH/i.exec(version);
  if (relative) return relative[0];
  throw new Error(`it is an MPI whose constants are not known (${line.trim() || "without a name"})`);
}
