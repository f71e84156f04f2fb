import { setTimeout as delay } from "node:timers/promises";
import { MokaError, reasonOf } from "../../../util/errors.js";
import { oneLine } from "../../../util/escape.js";
import type { MpiCommunicator } from "../../mpi-communicator.js";
import { createCollectives } from "./collectives.js";
import { exitAtOnce } from "./exit.js";
import { encodeReason, type Reason } from "./failures.js";
import type { Handle, Mpi } from "./functions.js";
import { createRequests } from "./requests.js";
import { phase, shared, type ThreadStart, word } from "./shared.js";
import { startThread } from "./start-thread.js";

type Self = Pick<MpiCommunicator, "rank" | "size" | "names" | "library">;

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
  const heard = new Map<string, () => void>();
  const hear = (type: string) => new Promise<void>((resolve) => heard.set(type, resolve));
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
    requests.fail(failure);
    heard.get("failure")?.();
  };
  const nameFailure = (rank: number, what: string) => new MokaError("MOKA_RANK", `${self.names[rank]} ${what}`);
  /** Has the thread tell the others, and find out with them which failure counts. */
  const report = async (reason: Reason): Promise<void> => {
    if (failure || Atomics.load(words, word.phase) !== phase.run) return;
    const bytes = encodeReason(reason);
    memory.reason.set(bytes);
    words[word.reasonBytes] = bytes.length;
    const told = Promise.all([hear("told"), hear("failure")]);
    enterPhase(phase.fail);
    await Promise.race([told, delay(tellingTime)]);
    if (!failure) fails(nameFailure(reason.rank, reason.what));
  };
  const requests = createRequests(mpi, memory, thread.hold, (code) => {
    const what = `lost the other ranks: ${mpi.name} says: ${oneLine(mpi.errorText(code))}`;
    void report({ kind: "error", rank: self.rank, what });
  });
  thread.listen((message) => {
    if (message.type === "failure") fails(nameFailure(message.rank, message.what));
    else if (message.type === "broken") {
      fails(nameFailure(self.rank, `ended: the thread that waits for messages failed: ${oneLine(message.reason)}`));
    } else if (message.type === "done") requests.collect();
    heard.get(message.type)?.();
  });
  const collectives = createCollectives(mpi, comm, self, requests, () => Atomics.add(words, word.begun, 1));
  const { allReduce, broadcast, gather, barrier } = collectives;

  const close = async (): Promise<void> => {
    await barrier();
    // No rank may end MPI while another still sends to it what it is doing.
    const settled = hear("settled");
    thread.hold(true);
    enterPhase(phase.settle);
    await settled;
    await barrier();
    thread.hold(true);
    const stopped = hear("stopped");
    enterPhase(phase.stop);
    await stopped;
    await thread.end();
    mpi.finalize();
  };

  return {
    ...self,
    ...{ allReduce, broadcast, gather, barrier, close, exit: exitAtOnce },
    get reductionTimes() {
      return collectives.reductionTimes;
    },
    fail: (error) => report({ kind: "told", rank: self.rank, what: `ended: ${oneLine(reasonOf(error))}` }),
    failure: async () => {
      Atomics.store(words, word.lookNow, 1);
      wake();
      if (!failure) await Promise.race([hear("failure"), delay(lookingTime)]);
      return failure;
    },
  };
}
