import { readdirSync, readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  BlobProtoSchema,
  DatumSchema,
  LayerParameterSchema,
  NetParameterSchema,
  SolverParameterSchema,
} from "../gen/caffe_pb.js";
import { formatNet, formatText, parseNet, parseText } from "./index.js";

const golden = new URL("../../../test/golden/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, golden), "utf8");

describe("prints what Caffe prints", () => {
  test.each(["v0", "v1", "bn_specs"])("%s.upgraded.prototxt", (name) => {
    const text = read(`files/legacy/${name}.upgraded.prototxt`);
    const { message, issues } = parseNet(text);
    expect(issues).toEqual([]);
    expect(formatText(NetParameterSchema, message)).toBe(text.endsWith("\n") ? text : `${text}\n`);
  });

  const logs = readdirSync(new URL("train/", golden));
  test.each(logs)("the solver and the nets in the log of %s", (name) => {
    const found = [...printedIn(read(`train/${name}/caffe.log`))];
    expect(found.map(([kind]) => kind)).toContain("solver");
    expect(found.map(([kind]) => kind)).toContain("net");
    for (const [kind, text] of found) {
      const schema = kind === "net" ? NetParameterSchema : SolverParameterSchema;
      const { message, issues } = parseText(schema, text);
      expect(issues).toEqual([]);
      expect(formatText(schema, message)).toBe(text);
    }
  });
});

/** The messages printed in a log of Caffe: each follows a line that announces it, up to the next line of the log. */
function* printedIn(log: string): Generator<["solver" | "net", string]> {
  for (const [, kind, text] of log.matchAll(/Initializing (solver|net) from parameters: \n((?:(?!I\d{4,}).*\n)*)/g)) {
    yield [kind === "net" ? "net" : "solver", text];
  }
}

test("prints fields in the order of their numbers, with all kinds of values", () => {
  const message = create(LayerParameterSchema, {
    top: ["b"],
    name: 'a"\n',
    lossWeight: [0.1, 1e-8],
    phase: 1,
    propagateDown: [true],
    clipParam: { min: -1, max: 1 },
    inputParam: { shape: [{ dim: [1n, -2n] }] },
    convolutionParam: { numOutput: 64, engine: 9 as never },
    reluParam: {},
  });
  expect(formatText(LayerParameterSchema, message)).toBe(`name: "a\\"\\n"
top: "b"
loss_weight: 0.1
loss_weight: 1e-08
phase: TEST
propagate_down: true
convolution_param {
  num_output: 64
  engine: 9
}
relu_param {
}
input_param {
  shape {
    dim: 1
    dim: -2
  }
}
clip_param {
  min: -1
  max: 1
}
`);
});

test("prints numbers of blobs, also in typed arrays, and bytes", () => {
  const blob = create(BlobProtoSchema, { doubleData: [0.1], shape: { dim: [2n] } });
  Object.assign(blob, { data: Float32Array.of(0.1, 2) });
  expect(formatText(BlobProtoSchema, blob)).toBe("data: 0.1\ndata: 2\nshape {\n  dim: 2\n}\ndouble_data: 0.1\n");
  const datum = create(DatumSchema, { data: Uint8Array.of(0, 65, 255) });
  expect(formatText(DatumSchema, datum, { unicode: true })).toBe('data: "\\000A\\377"\n');
});

test("keeps characters beyond ASCII only if asked to", () => {
  const { message } = parseNet('name: "é"');
  expect(formatText(NetParameterSchema, message)).toBe('name: "\\303\\251"\n');
  expect(formatText(NetParameterSchema, message, { unicode: true })).toBe('name: "é"\n');
});

const commented = `# what it is
name: "net"  # its name
# before the layer
layer {  # opening
  # before the name
  name: "a"  # behind the name
  bottom: "x"
  # before the second
  bottom: "y"  # behind the second
  fork_param {  # opening of the fork's
    order: 0  # behind 0
    order: 2
    # dangling in the fork's
  }  # behind the fork's
  type: "Input"
  # dangling in the layer
}  # behind the layer
# end
`;

test("prints comments and unknown fields back where they were", () => {
  expect(formatNet(parseNet(commented).message)).toBe(`# what it is
name: "net"  # its name
# before the layer
layer {  # opening
  # before the name
  name: "a"  # behind the name
  type: "Input"
  bottom: "x"
  # before the second
  bottom: "y"  # behind the second
  fork_param {  # opening of the fork's
    order: 0  # behind 0
    order: 2
    # dangling in the fork's
  }  # behind the fork's
  # dangling in the layer
}  # behind the layer
# end
`);
});

test("prints no comments unless asked to", () => {
  expect(formatText(NetParameterSchema, parseNet(commented).message)).not.toContain("#");
});

test("prints lists one value a line, with their comments", () => {
  const { message } = parseNet(
    "# a\ninput_dim: # b\n [ # c\n 1, # d\n 2 # e\n ] # f\nfork: [ # g\n 'x', # h\n [{}] ] # i\n",
  );
  expect(formatNet(message)).toBe(`# a
# b
# c
input_dim: 1
# d
# e
input_dim: 2  # f
# g
fork: "x"
# h
fork {
}
# i
`);
});

test("prints unknown fields after the value that they followed, or at the end if it is gone", () => {
  const { message } = parseNet("one: 1 input: 'a' two: 2 input: 'b' three: 3 name: 'n' four: 4 five: []");
  expect(formatNet(message)).toBe('one: 1\nname: "n"\nfour: 4\nfive: []\ninput: "a"\ntwo: 2\ninput: "b"\nthree: 3\n');
  message.input = ["a"];
  expect(formatNet(message)).toBe('one: 1\nname: "n"\nfour: 4\nfive: []\ninput: "a"\ntwo: 2\nthree: 3\n');
});

test("prints a value that a field cannot hold as it was", () => {
  const text = 'layer {\n  name: "a"\n  phase: RUN\n  loss_weight: -x\n}\n';
  expect(formatNet(parseNet(text).message)).toBe(text);
});

test("closes unclosed messages", () => {
  expect(formatNet(parseNet('fork { a: "x\\').message)).toBe('fork {\n  a: "x\\\\"\n}\n');
});
