import type { Communicator } from "../../../core/communicator.js";
import type { FloatArray } from "../../../core/span.js";
import type { ReductionTimes } from "../../mpi-communicator.js";
import type { Handle, Mpi } from "./functions.js";
import type { Requests } from "./requests.js";
import { seconds } from "./shared.js";

/** MPI counts values with 32-bit integers. Longer arrays go in pieces of so many values. */
const longestPiece = 2 ** 30;
/** Up to this size a message takes about as long as a hop between threads. */
const smallBytes = 65536;

export interface Collectives extends Pick<Communicator, "allReduce" | "broadcast" | "gather" | "barrier"> {
  readonly reductionTimes: ReductionTimes;
}

/** The calls that all ranks make, on a communicator of their own. `enter` counts a call and returns its number. */
export function createCollectives(
  mpi: Mpi,
  comm: Handle,
  { rank, size }: { readonly rank: number; readonly size: number },
  requests: Requests,
  enter: () => number,
  pieceValues = longestPiece,
): Collectives {
  const { byte, float, double, inPlace, reductions } = mpi.constants;
  const typeOf = (values: FloatArray | Uint8Array): Handle => {
    if (values instanceof Uint8Array) return byte;
    return values instanceof Float64Array ? double : float;
  };
  /** The parts of an array that one message can carry. An empty array is one part, so that it too waits for all ranks. */
  const pieces = <T extends FloatArray | Uint8Array>(values: T): readonly T[] => {
    const count = Math.max(1, Math.ceil(values.length / pieceValues));
    return Array.from({ length: count }, (_, i) => values.subarray(i * pieceValues, (i + 1) * pieceValues) as T);
  };
  const isSmall = (values: ArrayBufferView) => values.byteLength <= smallBytes;
  const times = createTimes();

  const barrier = async (): Promise<void> => {
    await requests.begin(enter(), true, undefined, (request) => mpi.beginBarrier(comm, request));
  };

  return {
    get reductionTimes() {
      return times.sum();
    },
    allReduce: async (values, reduction = "sum") => {
      const end = times.begin(values.byteLength);
      const [call, type, op] = [enter(), typeOf(values), reductions[reduction]];
      const ends = await Promise.all(
        pieces(values).map((piece) =>
          requests.begin(call, isSmall(values), piece, (request) =>
            mpi.beginAllReduce(inPlace, mpi.addressOf(piece), piece.length, type, op, comm, request),
          ),
        ),
      );
      end(Math.max(...ends));
    },
    broadcast: async (values, root = 0) => {
      const [call, type] = [enter(), typeOf(values)];
      await Promise.all(
        pieces(values).map((piece) =>
          requests.begin(call, isSmall(values), piece, (request) =>
            mpi.beginBroadcast(mpi.addressOf(piece), piece.length, type, root, comm, request),
          ),
        ),
      );
    },
    gather: async (bytes) => {
      const call = enter();
      const tag = call & 32767;
      const own = Float64Array.of(bytes.length);
      const lengths = new Float64Array(rank === 0 ? size : 1);
      await requests.begin(call, true, [own, lengths], (request) =>
        mpi.beginGather(mpi.addressOf(own), 1, double, mpi.addressOf(lengths), 1, double, 0, comm, request),
      );
      // Messages of one rank and tag arrive in order, so that the pieces need no numbers.
      const move = async (part: Uint8Array, peer: number, start: Mpi["beginSend"]): Promise<void> => {
        const begin = (piece: Uint8Array) =>
          requests.begin(call, isSmall(part), piece, (request) =>
            start(mpi.addressOf(piece), piece.length, byte, peer, tag, comm, request),
          );
        await Promise.all(pieces(part).map(begin));
      };
      if (rank !== 0) {
        await move(bytes, 0, mpi.beginSend);
        return [];
      }
      const parts = Array.from(lengths, (length, i) => (i === 0 ? bytes.slice() : new Uint8Array(length)));
      await Promise.all(parts.slice(1).map((part, i) => move(part, i + 1, mpi.beginReceive)));
      return parts;
    },
    barrier,
  };
}

/** Adds up the time in which calls were in flight, counting what overlaps once. Calls begin in order, but may end in another. */
export function createTimes() {
  const spans: { readonly began: number; ended: number }[] = [];
  let [calls, bytes, total, coveredUntil] = [0, 0, 0, 0];
  return {
    /** Begins a call now; the result takes the time of its end. */
    begin: (callBytes: number, now = seconds()) => {
      const span = { began: now, ended: Number.NaN };
      spans.push(span);
      return (ended: number): void => {
        span.ended = ended;
        for (let first = spans[0]; first && !Number.isNaN(first.ended); first = spans[0]) {
          total += Math.max(0, first.ended - Math.max(first.began, coveredUntil));
          coveredUntil = Math.max(coveredUntil, first.ended);
          spans.shift();
        }
        calls += 1;
        bytes += callBytes;
      };
    },
    sum: (): ReductionTimes => ({ calls, bytes, seconds: total }),
  };
}
