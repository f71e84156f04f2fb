import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command as Commander } from "commander";
import { expect, expectTypeOf, test, vi } from "vitest";
import { moka } from "../../test/cli.js";
import { version } from "../version.js";
import { type CommandRow, command, flag, operand, option, repeated } from "./command.js";
import { commands } from "./commands/index.js";
import { addNamed, integer, number, oneOf } from "./options.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("--version prints the version", async () => {
  expect(await moka("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
});

test("--help lists the commands, and each has its own", async () => {
  const { code, out } = await moka("--help");
  expect(code).toBe(0);
  expect(out).toMatch(/^Exit codes: 0 all is done, 1 the work found a problem, 2 the call was wrong\.$/m);
  for (const name of ["train", "test", "time", "run", "device_query", "digits", "convert_mnist_data"]) {
    expect(out).toMatch(new RegExp(`^  ${name} `, "m"));
    expect((await moka(name, "--help")).out).toContain(`Usage: moka ${name}`);
  }
});

test("moka help NAME is moka NAME --help", async () => {
  const { code, out } = await moka("help", "summary");
  expect([code, out]).toEqual([0, (await moka("summary", "--help")).out]);
  expect(out).toContain("--shape <name=sizes>");
  expect((await moka("help")).out).toBe((await moka("--help")).out);
});

test("a command is loaded when it is called, and no other", async () => {
  const loaded: string[] = [];
  const spies = commands.map((row) =>
    vi.spyOn(row, "load").mockImplementation(async () => {
      loaded.push(row.name);
      return { define: () => async () => 0 };
    }),
  );
  await moka("--help");
  await moka("--version");
  expect(loaded).toEqual([]);
  expect((await moka("upgrade_net_proto_text")).code).toBe(0);
  expect(loaded).toEqual(["upgrade"]);
  for (const spy of spies) spy.mockRestore();
});

test("main.js answers --version and -v itself, with nothing else loaded", () => {
  for (const flag of ["-v", "--version", "-version"]) {
    expect(execFileSync(process.execPath, [`${root}dist/cli/main.js`, flag], { encoding: "utf8" })).toBe(
      `${version}\n`,
    );
  }
  const source = readFileSync(`${root}src/cli/main.ts`, "utf8");
  const own = source.match(/^import .*$/gm)?.filter((line) => !line.includes('"node:'));
  expect(own).toEqual(['import { version } from "../version.js";']);
});

test.each([
  [["nonsense"], "unknown command 'nonsense'", "moka --help lists the commands"],
  [["trian"], "unknown command 'trian'; did you mean train?", "moka --help lists the commands"],
  [["trian", "--help"], "unknown command 'trian'; did you mean train?", "moka --help lists the commands"],
  [["help", "parse-log"], "unknown command 'parse-log'; did you mean parse_log?", "moka --help lists the commands"],
  [["train"], "required option '--solver <file>' not specified", "moka train --help shows what it takes"],
  [["train", "-solver", "x", "-nonsense"], "unknown option '--nonsense'", "moka train --help shows what it takes"],
  [["train", "-solvr=x"], "unknown option '--solvr'; did you mean --solver?", "moka train --help shows what it takes"],
  [
    ["time", "-model", "x", "-iterations", "many"],
    '--iterations must be a whole number, 1 or more, not "many"',
    "moka time --help shows what it takes",
  ],
  [
    ["time", "-model", "x", "-phase", "TRIAN"],
    '--phase must be TRAIN or TEST, not "TRIAN"',
    "moka time --help shows what it takes",
  ],
  [["time", "-model"], "option '--model <file>' argument missing", "moka time --help shows what it takes"],
  [["digits", "a", "b"], "too many arguments for 'digits'", "moka digits --help shows what it takes"],
  [["draw", "x", "x.gif"], "x.gif: a net is drawn as SVG or PNG", "moka draw --help shows what it takes"],
  [["upgrade", "x"], "give two files: moka upgrade IN OUT", "moka upgrade --help shows what it takes"],
])("a wrong call, %j, exits with 2, says why and where its help is", async (args, message, help) => {
  const { code, out, err } = await moka(...args);
  expect([code, out]).toEqual([2, ""]);
  expect(err.startsWith(`moka: ${message}`), err).toBe(true);
  expect(err.split("\n").slice(1)).toEqual([`(${help})`, ""]);
  expect(err).toMatch(/^moka: .* \[MOKA_USAGE\]\n/);
});

/** What a command declares, as commander has it. */
async function declarationOf({ name, load }: CommandRow) {
  const commander = new Commander(name);
  (await load()).define(commander);
  return commander;
}

/** A name with two letters swapped. */
function misspelled(flag: string): string {
  const at = flag.length - 1;
  const swaps = Array.from(
    flag,
    (_, i) => flag.slice(0, at - i) + flag[at - i + 1] + flag[at - i] + flag.slice(at - i + 2),
  );
  return swaps.find((each, i) => i > 0 && each !== flag) ?? flag;
}

test.each(commands)("moka $name: a misspelled option, in any form, is told its name", async (row) => {
  const { options } = await declarationOf(row);
  for (const { long = "" } of options.filter(({ hidden }) => !hidden)) {
    const wrong = misspelled(long);
    for (const args of [[wrong, "1"], [`${wrong}=1`], [`-${wrong.slice(2).replaceAll("-", "_")}=1`]]) {
      const { code, err } = await moka(row.name, ...args);
      expect(code).toBe(2);
      expect(err, args.join(" ")).toMatch(/^moka: unknown option '--[\w-]+'; did you mean --[\w-]+\? \[MOKA_USAGE\]\n/);
      expect(err, args.join(" ")).toContain(`did you mean ${long}?`);
      expect(err).toContain(`(moka ${row.name} --help `);
    }
  }
});

test.each(commands)("moka $name: without an option or operand that it needs it names its help", async (row) => {
  const { options, registeredArguments } = await declarationOf(row);
  const needed = options.filter(({ mandatory }) => mandatory).map(({ long }) => [long ?? "", "1"]);
  const operands = registeredArguments.filter(({ required }) => required).map(() => ["1"]);
  const given = [...needed, ...operands];
  for (const [i, missing] of given.entries()) {
    const { code, err } = await moka(row.name, ...given.filter((each) => each !== missing).flat());
    const what = i < needed.length ? `required option '.*${missing[0]} ` : "missing required argument '";
    expect(code).toBe(2);
    expect(err).toMatch(new RegExp(`^moka: ${what}`));
    expect(err).toContain(`\n(moka ${row.name} --help shows what it takes)\n`);
  }
});

test.each(commands)("moka $name: a value that an option does not take is refused by its name", async (row) => {
  for (const option of (await declarationOf(row)).options) {
    if (option.hidden || (option.required && !option.parseArg && !option.argChoices)) continue;
    const wrong = "\u001b[2J";
    const { code, err } = await moka(row.name, `${option.long}=${wrong}`);
    if (code === 2 && /missing required argument|give at least one file/.test(err)) continue; // every text is right
    if (code === 2 && err.includes("required option")) continue;
    expect([code, err.includes(`${option.long}`)], err).toEqual([2, true]);
    expect(err).not.toContain("\u001b");
  }
});

test("options have all forms of Caffe's flags, in every command", async () => {
  const seen: unknown[] = [];
  const takes = {
    gray: flag("--gray", ""),
    oversample: flag("--no-oversample", ""),
    width: option("--resize_width <n>", "", integer(0), 7),
    scale: option("--raw-scale <n>", "", number),
    names: repeated("--name <a=b>", "", addNamed("a=b"), {}),
    out: option("-o, --output <file>", ""),
    kind: option("--kind <kind>", "", oneOf("lmdb", "leveldb"), "lmdb"),
    input: operand("<input>", ""),
    files: operand("[files...]", ""),
  };
  const row = commands.find(({ name }) => name === "digits");
  if (!row) throw new Error("no command");
  const spy = vi.spyOn(row, "load").mockResolvedValue(
    command(takes, async (values) => {
      expectTypeOf(values).toEqualTypeOf<{
        readonly gray: boolean;
        readonly oversample: boolean;
        readonly width: number;
        readonly scale: number | undefined;
        readonly names: Readonly<Record<string, string>>;
        readonly out: string | undefined;
        readonly kind: "lmdb" | "leveldb";
        readonly input: string;
        readonly files: readonly string[];
      }>();
      seen.push(values);
    }),
  );
  const initial = {
    gray: false,
    oversample: true,
    width: 7,
    scale: undefined,
    names: {},
    out: undefined,
    kind: "lmdb",
    input: "in",
    files: [],
  };
  const cases: [string[], object][] = [
    [[], {}],
    [["-gray"], { gray: true }],
    [["--gray=1"], { gray: true }],
    [["-gray=False"], { gray: false }],
    [["--gray", "--nogray"], { gray: false }],
    [["-nogray", "-gray"], { gray: true }],
    [["--no-gray"], { gray: false }],
    [["--no_oversample"], { oversample: false }],
    [["-oversample=no"], { oversample: false }],
    [["-nooversample"], { oversample: false }],
    [["-resize_width", "5"], { width: 5 }],
    [["--resize-width=5"], { width: 5 }],
    [["-raw_scale=-1.5"], { scale: -1.5 }],
    [["--raw-scale", "-2"], { scale: -2 }],
    [["-name=a=1", "--name", "b=-x=2"], { names: { a: "1", b: "-x=2" } }],
    [["-o", "-gray"], { out: "-gray" }],
    [["-output", "--gray", "x"], { out: "--gray", files: ["x"] }],
    [["a", "--", "-gray", "--x=y"], { files: ["a", "-gray", "--x=y"] }],
  ];
  for (const [args, values] of cases) {
    expect((await moka("digits", "in", ...args)).err).toBe("");
    expect(seen.pop(), args.join(" ")).toEqual({ ...initial, ...values });
  }
  const { code, err } = await moka("digits", "in", "-gray=perhaps");
  expect([code, err.split("\n")[0]]).toEqual([2, 'moka: --gray must be true or false, not "perhaps" [MOKA_USAGE]']);
  spy.mockRestore();
});

test("the version may be asked of a command too, as of Caffe's", async () => {
  expect(await moka("train", "-version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
  expect((await moka("-help")).out).toBe((await moka("--help")).out);
});

test("nothing but print.ts writes to stdout or stderr, which escapes what a terminal would obey", () => {
  const files = readdirSync(`${root}src/cli`, { recursive: true, encoding: "utf8" });
  const own = files.filter(
    (file) => file.endsWith(".ts") && (file === "commands/test.ts" || !file.endsWith(".test.ts")),
  );
  const writing = own.filter((file) =>
    /\b(stdout|stderr|stream)\.write|\bconsole\./.test(readFileSync(`${root}src/cli/${file}`, "utf8")),
  );
  expect(own.length).toBeGreaterThan(30);
  expect(writing.sort()).toEqual(["main.ts", "print.ts"]); // main.ts writes the version
});

test("an error is one line, even if names have line ends", async () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-program-"));
  const file = join(folder, "net.prototxt");
  writeFileSync(file, 'layer { name: "r" type: "ReLU" bottom: "x\\nno problems" top: "y" }');
  const { code, err } = await moka("summary", file);
  rmSync(folder, { recursive: true });
  expect(code).toBe(1);
  expect(err).toMatch(/^moka: .*bottom 0 is "x\\nno problems".* \[MOKA_BLOB\]\n$/);
});

test.each([
  ["", "1 more error"],
  ["a: }", "3 more errors"],
])("%j: the first error of a prototxt is shown, and how many more there are", async (text, more) => {
  const folder = mkdtempSync(join(tmpdir(), "moka-program-"));
  const file = join(folder, "net.prototxt");
  writeFileSync(file, `layer: }\n${text}`);
  const { err } = await moka("summary", file);
  rmSync(folder, { recursive: true });
  expect(err).toContain(`(and ${more}) [MOKA_PARSE]`);
});

test("what goes wrong in the work exits with 1, with the error's code", async () => {
  const { code, err } = await moka("time", "-model", "/nowhere/net.prototxt");
  expect(code).toBe(1);
  expect(err).toMatch(/^.*moka:.* cannot read \/nowhere\/net\.prototxt.*ENOENT.* \[MOKA_FILE\]\n$/m);
});

test("a Node without WebAssembly or crypto runs what it can, and says in a line what it cannot", () => {
  const folder = mkdtempSync(join(tmpdir(), "moka-program-"));
  const file = join(folder, "solver.prototxt");
  writeFileSync(
    file,
    `base_lr: 0.1 lr_policy: "fixed" max_iter: 1 snapshot_prefix: "${folder}/snap"
    net_param { layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 1 dim: 2 } } }
      layer { name: "ip" type: "InnerProduct" bottom: "d" top: "ip" loss_weight: 1 inner_product_param { num_output: 1 } } }`,
  );
  const noCrypto = ["--import", "data:text/javascript,delete globalThis.crypto"];
  const train = (node: readonly string[], engine: string) =>
    spawnSync(process.execPath, [...node, `${root}dist/cli/main.js`, "train", "-solver", file, "-engine", engine], {
      encoding: "utf8",
      env: { ...process.env, FORCE_COLOR: "0" },
    });
  for (const [node, engine] of [
    [["--jitless"], "reference"],
    [noCrypto, "reference"],
    [noCrypto, "wasm"],
  ] as const) {
    const { status, stderr } = train(node, engine);
    expect(status, stderr).toBe(0);
    expect(readdirSync(folder)).toContain("snap_iter_1.solverstate");
  }
  for (const engine of ["auto", "wasm"]) {
    const { status, stderr } = train(["--jitless"], engine);
    expect(stderr.trim().split("\n").at(-1)).toMatch(/^moka: .*needs WebAssembly.*"reference" does without/);
    expect(status).toBe(1);
  }
  rmSync(folder, { recursive: true });
});
