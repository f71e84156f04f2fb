import { setTimeout as delay } from "node:timers/promises";
import { MokaError, reasonOf } from "../../../util/errors.js";
import { oneLine } from "../../../util/escape.js";
import type { MpiCommunicator } from "../../mpi-communicator.js";
import { isOfThisMachine } from "../process-mark.js";
import { createCollectives } from "./collectives.js";
import { exitAtOnce } from "./exit.js";
import { encodeReason, type Reason, settling } from "./failures.js";
import type { Handle, Mpi } from "./functions.js";
import { died, endIfStopped, processState } from "./processes.js";
import { createRequests } from "./requests.js";
import { phase, seconds, shared, type ThreadStart, word } from "./shared.js";
import { startThread } from "./start-thread.js";

type Self = Pick<MpiCommunicator, "rank" | "size" | "names" | "library">;

/** How long a rank stays after a failure so that the others report it too, in ms. */
const lingering = 300;
/** How long each step of the end may take, in ms. */
const closingTime = 10_000;
/** How long MPICH's ranks of several machines make no call before MPI_Finalize, in ms: longer than they stop one after the other. */
const quietTime = 200;
/** How long the thread may take to tell the other ranks of a failure, in ms. */
const tellingTime = 1200;
/** How long a rank that was told to end looks for a rank that has failed, in ms. */
const lookingTime = 700;

/** Connects more than one rank. */
export async function connectRanks(
  mpi: Mpi,
  comm: Handle,
  self: Self,
  watch: Omit<ThreadStart, "buffer">,
): Promise<MpiCommunicator> {
  const memory = shared();
  const { words } = memory;
  const thread = await startThread({ ...watch, buffer: memory.buffer });
  let failure: MokaError | undefined;
  let failedAt = 0;
  let lost: number | undefined;
  const listeners = new Map<string, (() => void)[]>();
  const hear = (type: string) => {
    return new Promise<void>((resolve) => listeners.set(type, [...(listeners.get(type) ?? []), resolve]));
  };
  const call = (type: string) => {
    for (const listener of listeners.get(type) ?? []) listener();
    listeners.delete(type);
  };
  const wake = () => {
    Atomics.add(words, word.wake, 1);
    Atomics.notify(words, word.wake);
  };
  const enterPhase = (next: number) => {
    Atomics.store(words, word.phase, next);
    wake();
  };
  const fails = (error: MokaError) => {
    failure ??= error;
    failedAt ||= seconds();
    requests.fail(failure);
    call("failure");
  };
  const nameFailure = (rank: number, what: string) => new MokaError("MOKA_RANK", `${self.names[rank]} ${what}`);
  /** Has the thread tell the others, and find out with them which failure counts. */
  const report = async (kind: Reason["kind"], what: string): Promise<void> => {
    if (!failure && Atomics.load(words, word.phase) === phase.run) {
      const bytes = encodeReason({ kind, rank: self.rank, what, settlesIn: settling(kind) });
      memory.reason.set(bytes);
      words[word.reasonBytes] = bytes.length;
      enterPhase(phase.fail);
    }
    if (!failure) await Promise.race([hear("failure"), delay(tellingTime)]);
    if (!failure) fails(nameFailure(self.rank, what));
  };
  const requests = createRequests(mpi, memory, thread.hold, (code) => {
    const what = `lost the other ranks: ${mpi.name} says: ${oneLine(mpi.errorText(code))}`;
    void report("error", what);
  });
  thread.listen((message) => {
    if (message.type === "failure") {
      lost = message.rank;
      fails(nameFailure(message.rank, message.what));
    } else if (message.type === "broken") {
      fails(nameFailure(self.rank, `ended: the thread that waits for messages failed: ${oneLine(message.reason)}`));
    } else if (message.type === "done") requests.collect();
    call(message.type);
  });
  const isLocal = () => watch.marks.every(isOfThisMachine);
  const lookNow = () => {
    Atomics.store(words, word.lookNow, 1);
    wake();
  };
  // Where MPICH's mpirun does not end all ranks (`-disable-auto-cleanup`), it tells them with this signal that one has failed. Node
  // would start its debugger.
  if (!mpi.isOpenMpi)
    process.on("SIGUSR1", () => {
      const dead = watch.marks.findIndex((mark) => processState(mark) === "ended");
      if (dead >= 0) fails(nameFailure(dead, died));
      lookNow();
    });
  const collectives = createCollectives(mpi, comm, self, requests, () => Atomics.add(words, word.begun, 1));
  const { allReduce, broadcast, gather, barrier } = collectives;

  const soon = async (promise: Promise<void>, what: string): Promise<void> => {
    const isLate = await Promise.race([promise.then(() => false), delay(closingTime, true, { ref: false })]);
    if (isLate) throw nameFailure(self.rank, `could not end MPI: ${what}`);
  };
  const end = async (): Promise<void> => {
    await barrier();
    // No rank may end MPI while another still sends to it what it is doing.
    const settled = hear("settled");
    enterPhase(phase.settle);
    thread.hold(true);
    await soon(settled, "the other ranks do not take this rank's messages");
    await soon(barrier(), "not all ranks came to the end");
    const stopped = hear("stopped");
    enterPhase(phase.stop);
    thread.hold(true);
    await soon(stopped, "the thread that waits for messages does not stop");
    // In MPI_Finalize MPICH over UCX and TCP (4.0, 1.13) has the other ranks confirm that they received everything. A rank that was
    // confirmed waits for the launcher, and confirms nothing itself any more. A rank that confirms before it is in MPI_Finalize, by
    // any call, would wait there for ever: all ranks stop their calls before the first of them is there.
    if (!mpi.isOpenMpi && !isLocal()) await delay(quietTime);
    // MPI ends the process if it is called after this.
    requests.fail(new MokaError("MOKA_USAGE", "the ranks were closed: they make no more calls"));
    mpi.finalize();
    Atomics.store(words, word.phase, phase.over);
    Atomics.notify(words, word.phase);
    await thread.end();
  };
  let ended: Promise<void> | undefined;
  const close = (): Promise<void> => {
    ended ??= end();
    return ended;
  };
  const exit = async (code: number): Promise<never> => {
    // The launcher ends all ranks as soon as one has ended: the others first report the same failure.
    if (failure) await delay(Math.max(0, lingering - 1000 * (seconds() - failedAt)));
    // A launcher may wait for a stopped process without end. Its death has the launcher end the others, so it comes last.
    if (lost !== undefined) endIfStopped(watch.marks[lost] ?? "");
    return exitAtOnce(code);
  };

  return {
    ...self,
    ...{ allReduce, broadcast, gather, barrier, close, exit },
    get reductionTimes() {
      return collectives.reductionTimes;
    },
    fail: (error) => report("told", `ended: ${oneLine(reasonOf(error))}`),
    failure: async () => {
      const found = hear("failure");
      const looked = hear("looked");
      lookNow();
      // A rank of another machine can only be heard of.
      const nothing = isLocal() ? looked : delay(lookingTime);
      if (!failure) await Promise.race([found, nothing, delay(lookingTime)]);
      return failure;
    },
  };
}
