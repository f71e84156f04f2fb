/** A program that takes Caffe nets: which layers it knows. */
export interface Target {
  /** What `--target` calls it. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly title: string;
  /** The layer types that it takes, with the types of inputs. */
  has(type: string): boolean;
  /** Fields of Caffe's forks, in messages that BVLC has too, that it takes: `pooling_param.pad_l`. `all`: those that Moka computes. */
  readonly forkFields: readonly string[] | "all";
  /** Fields of BVLC's Caffe that it does not take. */
  readonly lacks: readonly string[];
  /** Layer types of which it takes only the form with weights, and not that with a second bottom. */
  readonly oneBottom: readonly string[];
}

/** A field that came to BVLC's Caffe after version 1.0, on which the compilers of devices are built. */
export const afterVersion1: readonly string[] = ["pooling_param.round_mode"];

/** A target that takes these layer types, written with blanks between them. */
export function targetOf(name: string, title: string, types: string, more: Partial<Target> = {}): Target {
  const known = new Set(types.split(" "));
  return { name, title, has: (type) => known.has(type), forkFields: [], lacks: afterVersion1, oneBottom: [], ...more };
}
