import { MokaError } from "../../util/errors.js";
import type { MpiCommunicator, MpiOptions } from "../mpi-communicator.js";

/** Pages have no MPI. */
export async function connectMpi(_options: MpiOptions = {}): Promise<MpiCommunicator> {
  throw new MokaError("MOKA_UNSUPPORTED", "MPI connects processes of Node, started by mpirun or srun: a page has none");
}
