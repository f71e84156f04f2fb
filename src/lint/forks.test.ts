import { expect, test } from "vitest";
import { lintContext } from "../../test/lint.js";
import { type Fork, forkFields, forkNorm } from "./forks.js";
import { readLintNet } from "./read-net.js";
import { Source } from "./source.js";

async function netOf(layer: string) {
  return readLintNet(new Source(`layer { name: "bn" bottom: "x" top: "y" ${layer} }`, undefined), lintContext());
}

test.each<[string, Fork | undefined, readonly string[]]>([
  ['type: "BN" bn_param { bn_mode: LEARN }', "SegNet", ["bn_param"]],
  ['type: "BN" bn_param { shift_filler { } }', "SegNet", ["bn_param"]],
  ['type: "BN" bn_param { frozen: true }', "PSPNet", ["bn_param"]],
  ['type: "BN" param { } param { } param { } param { }', "PSPNet", []],
  ['type: "SyncBN"', "PSPNet", []],
  ['type: "BN" param { } param { }', "SegNet", []],
  ['type: "BN"', undefined, []],
  [
    'type: "BatchNorm" batch_norm_param { scale_bias: true eps: 1e-3 bias_filler { } }',
    "NVIDIA",
    ["scale_bias", "bias_filler"],
  ],
  ['type: "BatchNorm" batch_norm_param { engine: CUDNN }', "NVIDIA", ["engine"]],
  ['type: "BatchNorm" batch_norm_param { engine: MKL2017 }', "Intel", ["engine"]],
  ['type: "BatchNorm" batch_norm_param { bias_filler { } filler { } }', "Intel", ["bias_filler", "filler"]],
  ['type: "BatchNorm" batch_norm_param { add_eps_before_sqrt: false }', "Synopsys", ["add_eps_before_sqrt"]],
  ['type: "BatchNorm" batch_norm_param { update_global_stats: true }', "PSPNet", ["update_global_stats"]],
])("%s", async (layer, fork, names) => {
  const net = await netOf(layer);
  const norm = net.layers[0] && forkNorm(net.layers[0]);
  expect(norm?.fork).toBe(fork);
  expect(norm?.refused.map(({ name }) => name)).toEqual(names);
  const { fields, places } = forkFields(net);
  expect([...fields]).toEqual(norm?.refused);
  // They are just what the reader reports as a fork's, or as unknown.
  const unknown = net.issues.filter(({ code }) => /UNKNOWN_FIELD|FORK_FIELD/.test(code));
  expect(unknown.map(({ line, column }) => `${line}:${column}`)).toEqual([...places]);
});

test.each([
  'type: "BatchNorm" batch_norm_param { eps: 1e-3 }',
  'type: "BatchNorm" batch_norm_param { axis: 1 }',
  'type: "BatchNorm"',
  'type: "Scale" scale_param { bias_filler { } }',
])("no fork: %s", async (layer) => {
  const net = await netOf(layer);
  expect(net.layers[0] && forkNorm(net.layers[0])).toBeUndefined();
  expect(forkFields(net).fields.size).toBe(0);
});
