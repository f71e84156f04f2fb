import { changeFields, readFields } from "moka-caffe";
import { expect, test } from "vitest";
import { switches } from "./switches.js";

const net = `layer { name: "d" type: "Data" top: "d" include { phase: TRAIN } data_param { batch_size: 32 } }
layer { name: "d" type: "Data" top: "d" include { phase: TEST } data_param { batch_size: 100 } }
layer { name: "c" type: "Convolution" bottom: "d" top: "c" convolution_param { num_output: 4 bias_term: false } }
layer { name: "bn" type: "BatchNorm" bottom: "c" top: "c" }
layer { name: "s" type: "Scale" bottom: "c" top: "c" param { lr_mult: 1 decay_mult: 0 } param { lr_mult: 1 decay_mult: 0 } scale_param { bias_term: true } }
`;

test.each(switches.map((each) => [each.name, each] as const))(
  "%s is off in a right net, can be turned on, and off again",
  (_, each) => {
    const isOn = (text: string) => each.isOn(readFields(text, each.reads));
    const turn = (text: string, on: boolean) => changeFields(text, each.changes(on, readFields(text, each.reads)));
    expect(isOn(net)).toBe(false);
    const on = turn(net, true);
    expect(isOn(on)).toBe(true);
    const off = turn(on, false);
    expect(isOn(off)).toBe(false);
    expect(off).toBe(net);
  },
);
