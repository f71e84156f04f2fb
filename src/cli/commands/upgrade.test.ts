import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { blobValues, readNet } from "../../proto/binary/index.js";

const legacy = fileURLToPath(new URL("../../../test/golden/files/legacy/", import.meta.url));
const golden = (name: string) => readFileSync(`${legacy}${name}`, "utf8");

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-upgrade-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string | Uint8Array): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const out = () => readFileSync(join(folder, "out"), "utf8");

test.each(["v0", "v1", "bn_specs"])("%s.prototxt becomes the reference's text", async (name) => {
  for (const command of ["upgrade", "upgrade_net_proto_text"]) {
    const { code, err } = await moka(command, `${legacy}${name}.prototxt`, `${folder}/out`);
    expect(code).toBe(0);
    expect(out()).toBe(golden(`${name}.upgraded.prototxt`));
    expect(err).toMatch(/^I.* upgrade_proto\.cpp:\d+\] Attempting to upgrade .*\.prototxt$/m);
    expect(err).toMatch(/upgrade_net_proto_text\.cpp:49\] Wrote upgraded NetParameter text proto to .*out\n$/);
  }
});

test.each(["v0", "v1"])("%s.caffemodel becomes one of today, in place of the old one too", async (name) => {
  const file = write("net.caffemodel", readFileSync(`${legacy}${name}.caffemodel`));
  expect((await moka("upgrade", file, file)).code).toBe(0);
  const net = readNet(readFileSync(file));
  expect(net.layers).toEqual([]);
  expect(net.layer.flatMap(({ blobs }) => blobs.map((blob) => blobValues(blob).data.length)).length).toBe(4);
  const again = await moka("upgrade_net_proto_binary", file, `${folder}/out`);
  expect(again.code).toBe(0);
  expect(again.err).toContain("upgrade_net_proto_binary.cpp:43] File already in latest proto format: ");
  expect(readFileSync(`${folder}/out`)).toEqual(readFileSync(file));
});

test("an old solver, told from a net by what it says", async () => {
  const file = write("solver.prototxt", '# slow\nnet: "n.prototxt"\nsolver_type: ADAM  # once\n');
  for (const command of ["upgrade", "upgrade_solver_proto_text"]) {
    expect((await moka(command, file, `${folder}/out`)).code).toBe(0);
    expect(out()).toBe('# slow\nnet: "n.prototxt"\ntype: "Adam"\n# once\n');
  }
  const { code, err } = await moka("upgrade", `${folder}/out`, `${folder}/out`);
  expect(code).toBe(0);
  expect(err).toContain("upgrade_solver_proto_text.cpp:43] File already in latest proto format: ");
  expect(out()).toBe('# slow\nnet: "n.prototxt"\ntype: "Adam"\n# once\n');
});

test("comments, unknown fields and characters stay; what Caffe would refuse is said and read on", async () => {
  const text = '# größer\nlayer {  # a\n  name: "é"\n  fork_param {\n    x: 1\n  }\n}\n';
  const { code, err } = await moka("upgrade", write("net.prototxt", text), `${folder}/out`);
  expect(code).toBe(0);
  expect(out()).toBe(text);
  expect(err).toMatch(
    /^W.* .*net\.prototxt:4:3: LayerParameter has no field fork_param.* \(Caffe would refuse this\)$/m,
  );
  const latin1 = Buffer.from('# gr\xf6\xdfer\nname: "\xe9"\n', "latin1");
  expect((await moka("upgrade", write("latin1.prototxt", latin1), `${folder}/out`)).code).toBe(0);
  expect(readFileSync(`${folder}/out`)).toEqual(latin1);
});

test("what has no place is said and left out, and the exit code is 1", async () => {
  const file = write("odd.prototxt", 'layers { layer { name: "r" type: "relu" num_output: 3 } }');
  const { code, err } = await moka("upgrade", file, `${folder}/out`);
  expect(code).toBe(1);
  expect(out()).toBe('layer {\n  name: "r"\n  type: "ReLU"\n}\n');
  expect(err).toContain("Unknown parameter num_output for layer type relu");
  expect(err).toContain(
    "upgrade_net_proto_text.cpp:39] Encountered error(s) while upgrading prototxt; see details above.",
  );
});

describe("a call that fails writes nothing", () => {
  const fails = async (...args: string[]) => {
    const { code, err } = await moka(...args);
    expect(readdirSync(folder)).not.toContain("out");
    return { code, err };
  };

  test("by a wrong number of files: 2, and 1 as Caffe's tools", async () => {
    for (const files of [[], ["a"], ["a", "b", "c"]]) {
      expect((await fails("upgrade", ...files)).code).toBe(2);
      const { code, err } = await fails("upgrade_net_proto_text", ...files);
      expect(code).toBe(1);
      expect(err).toContain("upgrade_net_proto_text.cpp:22] Usage: upgrade_net_proto_text");
    }
  });

  test("by a file that cannot be read: 1, and 2 as Caffe's tools", async () => {
    const broken = write("broken.prototxt", "layer { name: ");
    for (const file of [broken, `${folder}/none`]) {
      expect((await fails("upgrade", file, `${folder}/out`)).code).toBe(1);
      const { code, err } = await fails("upgrade_net_proto_text", file, `${folder}/out`);
      expect(code).toBe(2);
      expect(err).toContain(`upgrade_net_proto_text.cpp:30] Failed to parse input text file as NetParameter: ${""}`);
      expect(err).toContain(file);
    }
    const text = write("text", "name: 3");
    expect((await fails("upgrade_net_proto_binary", text, `${folder}/out`)).code).toBe(2);
  });

  test("by a net that Caffe gives up on: 1", async () => {
    const file = write("both.prototxt", 'layer { name: "a" }\nlayers { name: "b" type: RELU }');
    const { code, err } = await fails("upgrade", file, `${folder}/out`);
    expect(code).toBe(1);
    expect(err).toContain("both.prototxt:2:1: the net has layers of today's form");
  });

  test("by an output that cannot be written: 1", async () => {
    expect((await fails("upgrade", `${legacy}v1.prototxt`, `${folder}/none/out`)).code).toBe(1);
  });
});
