// `npm run proto`: generates src/proto/gen from caffe.proto and from the forks' protos in src/proto/dialects, and src/onnx/gen from
// onnx.proto.
//
// caffe_pb.ts has one schema with all fields of all forks: text is read by name. A field or enum value of a fork in a message or
// enum of BVLC's gets a number from `forkBase` on, which no file has: the same number means another field in each fork. A message
// that only forks have keeps the numbers of the first fork that has it. dialects.ts says which numbers each fork gives them.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dialectTable, mergedProto } from "./proto/merge.mjs";
import { parseProto } from "./proto/parse.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const dialects = `${root}src/proto/dialects/`;

/** The forks, the most used first: where the schema can have only one form of a thing, the first fork's counts. */
export const forkNames = [
  "ssd",
  "chuanqi-ssd",
  "fast-rcnn",
  "faster-rcnn",
  "r-fcn",
  "segnet",
  "segnet-cudnn5",
  "pspnet",
  "deeplab-v2",
  "yjxiong",
  "eric612",
  "yolov3-windows",
  "shufflenet",
  "nvcaffe",
  "intel",
  "happynear",
  "caffe-face",
  "sphereface",
  "l-softmax",
  "caffe-ocr",
  "flownet2",
  "synopsys",
  "vitis-ai",
];

/** Writes the files generated from Caffe's schemas into a folder. */
export function generate(folder) {
  const caffe = readFileSync(`${root}src/proto/caffe.proto`, "utf8");
  const forks = forkNames.map((id) => ({ id, ...parseProto(readFileSync(`${dialects}${id}.proto`, "utf8")) }));
  const merged = mergedProto(caffe, forks);
  compile("caffe", merged.text, folder);
  writeFileSync(join(folder, "dialects.ts"), dialectTable(forks, merged));
}

/** Writes the file generated from ONNX's schema into a folder. */
export function generateOnnx(folder) {
  compile("onnx", readFileSync(`${root}src/onnx/onnx.proto`, "utf8"), folder);
}

/** Writes `<name>_pb.ts`, generated from a schema, into a folder. */
function compile(name, schema, folder) {
  const work = mkdtempSync(join(tmpdir(), "moka-proto-"));
  try {
    mkdirSync(join(work, "proto"));
    writeFileSync(join(work, "proto", `${name}.proto`), schema);
    writeFileSync(join(work, "buf.yaml"), "version: v2\nmodules:\n  - path: proto\n");
    const plugin = join(root, "node_modules/.bin/protoc-gen-es");
    writeFileSync(
      join(work, "buf.gen.yaml"),
      `version: v2\nplugins:\n  - local: ${plugin}\n    out: .\n    opt: [target=ts, import_extension=js]\n`,
    );
    execFileSync(process.execPath, [`${root}node_modules/@bufbuild/buf/bin/buf`, "generate"], {
      cwd: work,
      stdio: ["ignore", "inherit", "inherit"],
    });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}_pb.ts`), readFileSync(join(work, `${name}_pb.ts`), "utf8"));
  } finally {
    rmSync(work, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  generate(`${root}src/proto/gen`);
  generateOnnx(`${root}src/onnx/gen`);
}
