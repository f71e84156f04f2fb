import { type Communicator, fromRoot } from "../core/communicator.js";
import type { Net } from "../core/net.js";
import { LayerParameterSchema, type SolverParameter, SolverParameterSchema } from "../proto/gen/caffe_pb.js";
import { formatText } from "../proto/text/index.js";
import { MokaError } from "../util/errors.js";
import { version } from "../version.js";

/** What must be the same on all ranks before a training begins. */
interface Start {
  readonly "version of Moka": string;
  readonly "random seed": string;
  readonly solver: string;
  readonly options: string;
  /** Each layer of each net, as text. */
  readonly nets: Readonly<Record<string, string>>;
}

/**
 * Compares what all ranks start with.
 *
 * @param seed the seed that was given to this rank, by an option or the solver
 * @throws MokaError `MOKA_RANK` on all ranks that names the first rank that differs, and what differs
 */
export async function checkSameStart(
  communicator: Communicator,
  nets: readonly Net[],
  param: SolverParameter,
  options: Readonly<Record<string, unknown>>,
  seed: number | undefined,
): Promise<void> {
  const layers = nets.flatMap((net, i) =>
    net.layers.map(({ name, message }) => {
      const where = i === 0 ? "the training net" : `test net #${i - 1}`;
      return [`layer "${name}" of ${where}`, formatText(LayerParameterSchema, message)] as const;
    }),
  );
  const own: Start = {
    "version of Moka": version,
    "random seed": seed === undefined ? "none" : String(seed),
    solver: formatText(SolverParameterSchema, param),
    options: JSON.stringify(options),
    nets: Object.fromEntries(layers),
  };
  const all = await communicator.gather(new TextEncoder().encode(JSON.stringify(digest(own))));
  const problem = await fromRoot(communicator, async () => {
    const [here, ...others] = all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Start);
    const differences = others.map((there) => here && firstDifference(here, there));
    const rank = 1 + differences.findIndex((difference) => difference !== undefined);
    if (rank === 0) return undefined;
    const who = `${communicator.names[rank]} differs from ${communicator.names[0]}`;
    return `${who}: ${differences[rank - 1]}; all ranks must start with the same files and options`;
  });
  if (problem === undefined) return;
  // No rank ends before all know why.
  await communicator.barrier().catch(() => {});
  throw new MokaError("MOKA_RANK", problem);
}

/** The layers' texts by short hashes: of a large net the texts would be a long message. */
function digest(start: Start): Start {
  const nets = Object.entries(start.nets).map(([name, text]) => [name, hashOf(text)]);
  return { ...start, nets: Object.fromEntries(nets) };
}

/** FNV-1a of a text, 32 bits: it tells changes, not attacks. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16);
}

function firstDifference(here: Start, there: Start): string | undefined {
  for (const what of ["version of Moka", "random seed", "options"] as const) {
    if (here[what] !== there[what]) return `its ${what} is ${there[what]}, not ${here[what]}`;
  }
  const names = new Set([...Object.keys(here.nets), ...Object.keys(there.nets)]);
  for (const name of names) {
    if (!(name in there.nets)) return `it has no ${name}`;
    if (!(name in here.nets)) return `it has ${name} besides`;
    if (here.nets[name] !== there.nets[name]) return `its ${name} is another`;
  }
  if (here.solver !== there.solver) return `its solver has ${lineThatDiffers(here.solver, there.solver)}`;
  return undefined;
}

function lineThatDiffers(here: string, there: string): string {
  const [own, other] = [here.split("\n"), there.split("\n")];
  const at = other.findIndex((line, i) => line !== own[i]);
  return at < 0 ? "fewer fields" : `"${other[at]?.trim()}" where "${own[at]?.trim() ?? ""}" stands`;
}
