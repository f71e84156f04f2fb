// The readers that are fuzzed: each has a name, the number of inputs, and `open`, which gives `make(random)`, a damaged input, and
// `read(input)`. The seeds are the project's own golden files and texts.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { mutateBytes, mutateText } from "./mutate.mjs";
import { mutateModel } from "./onnx.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const golden = `${root}test/golden/`;
const bytesOf = (path) => new Uint8Array(readFileSync(path));
const textOf = (path) => readFileSync(path, "utf8");
const dist = (path) => import(`../../dist/${path}`);

const many = 100_000;
const fewer = 10_000;

const nets = () =>
  ["layers", "train"].flatMap((folder) =>
    readdirSync(golden + folder, { recursive: true, encoding: "utf8" })
      .filter((path) => /(?:net|train_val)\.prototxt$/.test(path))
      .map((path) => textOf(`${golden}${folder}/${path}`)),
  );
const legacy = () => ["v0", "v1", "bn_specs"].map((name) => textOf(`${golden}files/legacy/${name}.prototxt`));
const solvers = () => readdirSync(`${golden}train`).map((name) => textOf(`${golden}train/${name}/solver.prototxt`));

/** A reader of texts. `open` gives its seeds and what reads a text. */
const text = (name, open, count = many) => ({
  name,
  count,
  open: async () => {
    const { seeds, read } = await open();
    return { make: (random) => mutateText(seeds, random), read: async (input) => read(input) };
  },
});

/** A reader of bytes. `repair` makes checksums right again in half of the inputs, so that the code behind the checks runs too. */
const bytes = (name, open, count = many) => ({
  name,
  count,
  open: async () => {
    const { seeds, read, repair } = await open();
    const make = (random) => {
      const input = mutateBytes(seeds, random);
      return repair && random.below(2) ? repair(input, random) : input;
    };
    return { make, read: async (input) => read(input) };
  },
});

/** A parsed text must be the same net after it is printed and parsed again. */
function printsTheSame({ parseNet, formatNet }) {
  return (input) => {
    const { message, issues } = parseNet(input);
    const printed = formatNet(message);
    if (issues.length === 0 && formatNet(parseNet(printed).message) !== printed) {
      throw new Error("printed and parsed again it is another net");
    }
    return printed;
  };
}

/** Gives the chunks of a PNG their right checksums; sometimes the end is cut off. */
function repairPng(input, random) {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  for (let at = 8; at + 12 <= input.length; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > input.length) break;
    view.setUint32(at + 8 + length, crc32(input.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  return random.below(4) ? input : input.slice(0, input.length - random.below(13));
}

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** zlib's checksum: Node's own exists from 20.15 on only. */
function crc32(data) {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}

/** A database of fifty records in memory, of which one file is damaged. */
const database = (name) => ({
  name,
  count: fewer,
  open: async () => {
    const { createFiles } = await dist("index.js");
    const { createDatabase, openDatabase } = await dist("data/database.js");
    const made = createFiles();
    const writer = await createDatabase(made, name, "k");
    for (let i = 0; i < 50; i++)
      await writer.add(`${i}`.padStart(8, "0"), new Uint8Array(i === 20 ? 9000 : 50 + i).fill(i));
    await writer.finish();
    const paths = made.paths();
    const content = Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await made.read(path)])));
    const make = (random) => {
      const path = random.pick(paths);
      return { ...content, [path]: mutateBytes([content[path]], random) };
    };
    const read = async (files) => {
      const database = await openDatabase(createFiles(files), name, "k");
      let size = 0;
      try {
        const cursor = database.cursor();
        for (let more = await cursor.first(); more; more = await cursor.next())
          size += cursor.key.length + cursor.value.length;
      } finally {
        database.close();
      }
      return { size };
    };
    return { make, read };
  },
});

async function images() {
  const { createImages } = await dist("platform/node/index.js");
  return createImages();
}

/** The pixels of a small image, gray or in color. */
function pixels(channels) {
  const [width, height] = [13, 9];
  return {
    width,
    height,
    channels,
    data: Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37) & 255),
  };
}

const image = (name, seedsOf, repair) =>
  bytes(
    name,
    async () => {
      const decoder = await images();
      return {
        seeds: await seedsOf(decoder),
        read: (input) => decoder.decode(input, { color: [true, false, undefined][input.length % 3] }),
        repair,
      };
    },
    fewer,
  );

const encoded = (format) => (decoder) =>
  Promise.all([1, 3].map((channels) => decoder.encode(pixels(channels), format, {})));

/** BMP, PBM, PGM and PPM files of all kinds, with what OpenCV makes of them. */
const plainImages = () =>
  Object.values(JSON.parse(textOf(`${golden}images/opencv.json`)).cases).map(
    ({ file }) => new Uint8Array(Buffer.from(file, "base64")),
  );

const snapshots = (pattern) =>
  readdirSync(`${golden}files/snapshots`)
    .filter((file) => pattern.test(file))
    .map((file) => bytesOf(`${golden}files/snapshots/${file}`));

const onnxModels = () => {
  const folder = `${root}test/onnx/models/`;
  const names = readdirSync(folder).filter((name) => name.endsWith(".onnx"));
  return names.map((name) => bytesOf(folder + name));
};

/** Imports a model for one of three targets, and writes what it became. */
const onnxReader = async () => {
  const { createFiles, importOnnx } = await dist("index.js");
  const targets = ["moka", "bvlc", "nnie"];
  return (input) => importOnnx(input, { target: targets[input.length % 3], output: "net", files: createFiles() });
};

const hdf5 = (name, seedsOf, read) => bytes(name, async () => ({ seeds: seedsOf(), read: await read() }), fewer);

export const readers = [
  text("prototxt", async () => ({ seeds: [...nets(), ...legacy()], read: printsTheSame(await dist("index.js")) })),
  text("solver", async () => ({ seeds: solvers(), read: (await dist("index.js")).parseSolver })),
  text(
    "lint",
    async () => {
      const { lint } = await dist("index.js");
      return { seeds: [...nets(), ...legacy(), ...solvers()], read: (input) => lint(`${input}\n`) };
    },
    fewer,
  ),
  text(
    "fix",
    async () => {
      const { fix } = await dist("index.js");
      return { seeds: [...nets(), ...legacy()], read: (input) => fix(`${input}\n`) };
    },
    fewer,
  ),
  text("log", async () => {
    const { parseLog } = await dist("index.js");
    const seeds = ["mlp_sgd"].map((name) => textOf(`${golden}train/${name}/caffe.log`).slice(0, 20_000));
    return { seeds, read: (input) => parseLog(input) };
  }),
  text("image list", async () => {
    const { parseImageList } = await dist("data/sources/image-list.js");
    return {
      seeds: ["a.png 0\nb/c.jpg 1\r\nname with blanks.png 12\n\nd.png\t3 \n"],
      read: (input) => parseImageList(input, "list"),
    };
  }),
  text("window file", async () => {
    const { parseWindowFile } = await dist("data/sources/window-file.js");
    const seeds = [
      "# 0\na.png\n3\n40\n50\n2\n1 0.9 0 0 10 10\n0 0.1 5 5 20 20\n# 1\nb.png\n3\n40\n50\n1\n2 0.7 1 2 3 4\n",
    ];
    return { seeds, read: (input) => parseWindowFile(input, "windows", { foreground: 0.5, background: 0.3 }) };
  }),
  text("lint config", async () => {
    const { parseConfig } = await dist("lint/config.js");
    const { rules } = await dist("lint/rules/index.js");
    const seeds = ['{ "lint": { "rules": { "scale-without-bias": "off", "bias-before-bn": "error" } } }'];
    return { seeds, read: (input) => parseConfig(input, "moka.config.json", rules) };
  }),
  text("run state", async () => {
    const { parseRunState } = await dist("solvers/run-state.js");
    const sha256 = { nets: "a", weights: "b", history: "c" };
    const state = {
      version: 1,
      iter: 3,
      sha256,
      random: { words: [1, 2] },
      losses: { values: [1] },
      nets: [[{ layer: "a", state: { position: 1 } }]],
    };
    return { seeds: [JSON.stringify(state)], read: (input) => parseRunState(input, 3, sha256) };
  }),
  bytes("caffemodel", async () => {
    const { readNet } = await dist("proto/binary/index.js");
    const { upgradeNet } = await dist("proto/upgrade/net.js").catch(() => ({}));
    const seeds = [
      bytesOf(`${golden}train/mlp_sgd/init.caffemodel`).slice(0, 60_000),
      ...["v0", "v1"].map((name) => bytesOf(`${golden}files/legacy/${name}.caffemodel`)),
    ];
    const log = () => {};
    return { seeds, read: (input) => upgradeNet(readNet(input, "w.caffemodel"), "w.caffemodel", log) };
  }),
  bytes("onnx", async () => ({ seeds: onnxModels(), read: await onnxReader() })),
  {
    name: "onnx graph",
    count: many,
    open: async () => {
      const { readModel, writeModel } = await dist("onnx/model.js");
      const models = onnxModels().map((model) => readModel(model, "seed"));
      const operators = [
        ...Object.keys(await dist("onnx/import/operators.js")),
        ...(await dist("onnx/import/fold/index.js")).folds.keys(),
        "NonZero",
      ];
      return {
        make: (random) => writeModel(mutateModel(random.pick(models), random, operators)),
        read: await onnxReader(),
      };
    },
  },
  bytes("solverstate", async () => {
    const { readSolverState } = await dist("proto/binary/index.js");
    return { seeds: snapshots(/\.solverstate$/), read: (input) => readSolverState(input, "s.solverstate") };
  }),
  bytes("binaryproto", async () => {
    const { blobShape, blobValues, readBlobProto } = await dist("proto/binary/index.js");
    return {
      seeds: [bytesOf(`${golden}files/glyphs_mean.binaryproto`)],
      read: (input) => {
        const blob = readBlobProto(input, "mean.binaryproto");
        return [blobShape(blob), blobValues(blob)];
      },
    };
  }),
  bytes("datum", async () => {
    const { readDatum, writeDatum } = await dist("proto/binary/index.js");
    const seeds = [
      writeDatum({ channels: 3, height: 4, width: 5, data: new Uint8Array(60).fill(7), label: 3 }),
      writeDatum({
        channels: 1,
        height: 2,
        width: 2,
        data: new Uint8Array(0),
        floatData: new Float32Array([1, 2, 3, 4]),
        label: -1,
      }),
    ];
    return { seeds, read: (input) => readDatum(input) };
  }),
  bytes("idx", async () => {
    const { readIdx, writeIdx } = await dist("data/idx.js");
    const seeds = [
      writeIdx({ shape: [3, 4, 5], data: new Uint8Array(60) }),
      writeIdx({ shape: [7], data: new Float32Array(7) }),
    ];
    return { seeds, read: (input) => readIdx(input), repair: (input) => new Uint8Array(gzipSync(input, { level: 1 })) };
  }),
  ...["npy", "npz"].map((kind) =>
    bytes(kind, async () => {
      const { zipSync } = await import("fflate");
      const { dump } = await import("npyjs");
      const { loadArray, loadArrays } = await dist("index.js");
      const npy = new Uint8Array(dump(new Float32Array(12), [3, 4], { dtype: "f4" }));
      const seeds =
        kind === "npy" ? [npy] : [zipSync({ "a.npy": npy, "b.npy": npy }), zipSync({ "a.npy": npy }, { level: 0 })];
      const read = kind === "npy" ? loadArray : loadArrays;
      return { seeds, read };
    }),
  ),
  image("png", encoded("png"), repairPng),
  image("jpeg", encoded("jpg")),
  image("bmp and pnm", plainImages),
  database("lmdb"),
  database("leveldb"),
  hdf5(
    "hdf5",
    () => [bytesOf(`${golden}files/clusters_test.h5`).slice(0, 1 << 16)],
    async () => {
      const { readHdf5 } = await dist("data/hdf5.js");
      return (input) => readHdf5(input);
    },
  ),
  hdf5(
    "caffemodel.h5",
    () => snapshots(/\.caffemodel\.h5$/),
    async () => {
      const { netFromHdf5 } = await dist("data/hdf5-weights.js");
      return (input) => netFromHdf5(input, "w.caffemodel.h5");
    },
  ),
  hdf5(
    "solverstate.h5",
    () => snapshots(/\.solverstate\.h5$/),
    async () => {
      const { solverStateFromHdf5 } = await dist("data/hdf5-weights.js");
      return (input) => solverStateFromHdf5(input, "s.solverstate.h5");
    },
  ),
];
