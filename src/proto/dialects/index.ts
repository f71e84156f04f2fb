import type { NetParameter } from "../gen/caffe_pb.js";
import { dialectRows } from "../gen/dialects.js";

/** A fork of Caffe: its name, what it is, where it is, and the layer types that it adds. */
export interface Dialect {
  readonly name: string;
  readonly about: string;
  readonly source: string;
  readonly types: ReadonlySet<string>;
}

/** The forks of Caffe whose nets Moka reads and writes. */
export const dialects: readonly Dialect[] = /* @__PURE__ */ dialectRows.map(([name, about, source, types]) => {
  return { name, about, source, types: new Set(types.split(" ").filter(Boolean)) };
});

/** The names of the forks that a net may be written for, the most probable first; `given` alone if it is given. */
export function dialectsOf(message: NetParameter, given?: string): readonly string[] {
  if (given !== undefined) return given === "bvlc" ? [] : [given];
  const own = new Set(message.layer.map(({ type }) => type));
  const scores = dialects.map(({ name, types }) => ({
    name,
    score: [...types].filter((type) => own.has(type)).length,
  }));
  return scores
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ name }) => name);
}
