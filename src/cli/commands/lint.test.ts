import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { moka } from "../../../test/cli.js";
import { rules } from "../../lint/rules/index.js";
import { version } from "../../version.js";

const bad = `input: "x" input_shape { dim: 2 dim: 3 dim: 4 dim: 4 }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "s" type: "Scale" bottom: "y" top: "y" } # the scale
`;
const good = bad.replace('top: "y" } #', 'top: "y" scale_param { bias_term: true } } #');
const id = "scale-without-bias";

/** A `moka.config.json` in which all rules are off but that one. */
const config = (level: string) =>
  JSON.stringify({ lint: { rules: { ...Object.fromEntries(rules.map((rule) => [rule.id, "off"])), [id]: level } } });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-lint-"));
  put({ "moka.config.json": config("warning"), "bad.prototxt": bad, "good.prototxt": good });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function put(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const path = (name: string) => join(folder, name);

async function lintJson(...args: string[]) {
  const { out, code } = await moka("lint", "--json", ...args);
  const { files } = JSON.parse(out) as { files: { file: string; findings: { rule: string; severity: string }[] }[] };
  return { code, files: files.map(({ file, findings }) => [file, findings.map(({ severity }) => severity)]) };
}

test("--ranks and --sync-bn reach the nets of a solver", async () => {
  put({
    "net.prototxt": `layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 4 dim: 3 } } }
layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }
layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "x" top: "l" }
`,
    "solver.prototxt": `net: "${path("net.prototxt")}"\n`,
  });
  const few = async (...flags: string[]) =>
    (await moka("lint", "--rule", "bn-batch-too-small=warning", ...flags, path("solver.prototxt"))).out.replaceAll(
      /\s+/g,
      " ",
    );
  expect(await few()).toContain("takes the statistics of a channel over only m = 4 values");
  expect(await few("--ranks", "4")).toContain(
    "With --sync-bn the statistics are over the batches of all ranks: 4 · 4 = 16",
  );
  expect(await few("--ranks", "4", "--sync-bn")).not.toContain("bn-batch-too-small");
  const { code, err } = await moka("lint", "--sync-bn", path("solver.prototxt"));
  expect([code, err]).toEqual([2, expect.stringContaining("give their number too, as ranks (--ranks)")]);
});

test("findings are printed for people, with the code, and only errors make it fail", async () => {
  const { code, out, err } = await moka("lint", path("bad.prototxt"), path("good.prototxt"));
  expect([code, err]).toEqual([0, ""]);
  expect(out).toContain(`${path("bad.prototxt")}:3:1  warning  layer "s" (Scale)`);
  expect(out).toContain('\n> 3 | layer { name: "s"');
  expect(out).toMatch(/\n1 warning in 2 files; 1 of them `moka fix` repairs\n$/);
  expect((await moka("lint", "--rule", `${id}=error`, path("bad.prototxt"))).code).toBe(1);
  expect((await moka("lint", path("good.prototxt"))).out).toBe("no problems in 1 file\n");
});

test.each([[["lint"]], [["fix", "--diff"]]])(
  "%j: a terminal of unknown width counts as 100 columns",
  async (command) => {
    put({ "quux.prototxt": 'layer { name: "a" type: "Quux" top: "a" }' });
    const call = [...command, "--rule", "unknown-layer=warning", path("quux.prototxt")];
    const usual = await moka(...call);
    expect(usual.out + usual.err).toMatch(/Caffe aborts with .*\n/);
    const streams = [process.stdout, process.stderr].map((stream) => ({ stream, columns: stream.columns }));
    for (const { stream } of streams) stream.columns = 0;
    expect(await moka(...call)).toEqual(usual);
    for (const { stream, columns } of streams) stream.columns = columns;
  },
);

test("--json prints what programs read", async () => {
  const { out } = await moka("lint", "--json", path("bad.prototxt"));
  expect(JSON.parse(out)).toMatchObject({
    files: [
      { file: path("bad.prototxt"), findings: [{ rule: id, severity: "warning", line: 3, column: 1, fixable: true }] },
    ],
  });
  expect(await moka("lint", "--format", "json", path("bad.prototxt"))).toEqual({ code: 0, out, err: "" });
});

test("--format sarif and github name files below the working directory relatively", async () => {
  vi.spyOn(process, "cwd").mockReturnValue(folder);
  const [run] = JSON.parse((await moka("lint", "--format", "sarif", path("bad.prototxt"))).out).runs;
  expect(run.tool.driver).toMatchObject({ name: "moka", version });
  expect(run.tool.driver.rules).toHaveLength(rules.length);
  const [result] = run.results;
  expect(run.tool.driver.rules[result.ruleIndex]).toMatchObject({
    id,
    help: { text: readFileSync(`docs/lint/${id}.md`, "utf8") },
  });
  expect(result.locations[0].physicalLocation.artifactLocation.uri).toBe("bad.prototxt");
  const { out } = await moka("lint", "--format", "github", path("bad.prototxt"));
  expect(out).toMatch(
    /^::warning file=bad\.prototxt,line=3,col=1,endLine=3,endColumn=55,title=scale-without-bias::layer/,
  );
});

test("--max-warnings sets how many are too many", async () => {
  expect((await moka("lint", "--max-warnings", "0", path("bad.prototxt"))).code).toBe(1);
  expect((await moka("lint", "--max-warnings", "1", path("bad.prototxt"))).code).toBe(0);
});

test("settings are those of the nearest folder, unless --config names others, and --rule has the last word", async () => {
  put({
    "a/b/net.prototxt": bad,
    "c/net.prototxt": bad,
    "c/moka.config.json": config("error"),
    "off.json": config("off"),
  });
  const nets = [path("a/b/net.prototxt"), path("c/net.prototxt")];
  expect(await lintJson(...nets)).toEqual({
    code: 1,
    files: [
      [nets[0], ["warning"]],
      [nets[1], ["error"]],
    ],
  });
  expect(await lintJson(...nets, "--config", path("off.json"))).toEqual({
    code: 0,
    files: nets.map((net) => [net, []]),
  });
  expect((await lintJson(...nets, "--rule", `${id}=info`)).files).toEqual(nets.map((net) => [net, ["info"]]));
});

test("a solver is looked at with its nets, each once and with that solver", async () => {
  const missing = path("missing.prototxt");
  put({
    "solver.prototxt": `net: "bad.prototxt"\ntest_net: "${missing}"\ntest_iter: 1\ntest_interval: 1\nbase_lr: 0.1\n`,
  });
  const { files } = await lintJson(path("solver.prototxt"));
  expect(files).toEqual([
    [path("solver.prototxt"), []],
    [path("bad.prototxt"), ["warning"]],
  ]);
  const again = await lintJson(path("bad.prototxt"), path("solver.prototxt"), `${folder}/./bad.prototxt`);
  expect(again.files).toEqual([
    [path("bad.prototxt"), ["warning"]],
    [path("solver.prototxt"), []],
  ]);
  const { err } = await moka("lint", path("solver.prototxt"));
  expect(err).toBe(`${path("solver.prototxt")} names the net ${missing}, which is not there\n`);
});

test("- is stdin, of one line too", async () => {
  for (const text of [bad, bad.replaceAll("\n", " ").replace("# the scale", "")]) {
    vi.spyOn(process, "stdin", "get").mockReturnValue(Readable.from([Buffer.from(text)]) as typeof process.stdin);
    expect((await lintJson("-", "--config", path("moka.config.json"))).files).toEqual([["<stdin>", ["warning"]]]);
  }
});

test("--explain prints a rule's page, --list all rules", async () => {
  expect((await moka("lint", "--explain", id)).out).toBe(readFileSync(`docs/lint/${id}.md`, "utf8"));
  const { out } = await moka("lint", "--list");
  expect(out).toMatch(/^scale-without-bias +warning +the Scale behind a BatchNorm learns no shift/m);
  expect(out.trim().split("\n")).toHaveLength(rules.length);
  expect(JSON.parse((await moka("lint", "--list", "--json")).out)).toHaveLength(rules.length);
});

test.each([
  [[], "give at least one file"],
  [["--explain", "scale-without-bais"], 'there is no rule "scale-without-bais"; did you mean "scale-without-bias"?'],
  [["--explain", "../lint"], 'there is no rule "../lint"'],
  [["--rule", "nonsense=off", "FILE"], '--rule: there is no rule "nonsense"'],
  [["--rule", `${id}=loud`, "FILE"], 'must be "off", "info", "warning" or "error", not "loud"'],
  [["--rule", id, "FILE"], "--rule must be a rule and a level, as id=off, not "],
  [["--format", "xml", "FILE"], '--format must be human, json, sarif or github, not "xml"'],
  [["--config", "BROKEN", "FILE"], "broken.json: "],
])("the wrong call lint %j exits with 2 and says why", async (args, message) => {
  put({ "broken.json": "{" });
  const named = args.map((each) => each.replace("FILE", path("bad.prototxt")).replace("BROKEN", path("broken.json")));
  const { code, out, err } = await moka("lint", ...named);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain(message);
});

test("a file that cannot be read is an error of its own", async () => {
  const { code, err } = await moka("lint", path("nowhere.prototxt"));
  expect(code).toBe(1);
  expect(err).toContain("[MOKA_FILE]");
});

test("files that cannot be linted do not keep the others from it", async () => {
  put({ "empty.prototxt": "" });
  const { code, out, err } = await moka("lint", path("missing.prototxt"), path("bad.prototxt"), path("empty.prototxt"));
  expect(code).toBe(1);
  expect(out).toContain(`${path("bad.prototxt")}:3:1  warning  layer "s" (Scale)`);
  expect(err.split("\n")).toEqual([
    expect.stringContaining(`cannot read ${path("missing.prototxt")}`),
    expect.stringContaining(`${path("empty.prototxt")}: the file is empty`),
    "",
  ]);
});

test("--language zh: messages and reasons in Chinese", async () => {
  const { out, code } = await moka("lint", "--language", "zh", path("bad.prototxt"));
  expect(out).toContain('warning  层 "s"（Scale）');
  expect(out).toContain("  fix: moka fix");
  expect(code).toBe(0);
  const json = JSON.parse((await moka("lint", "--json", "--language", "zh", path("bad.prototxt"))).out);
  expect(json.files[0].findings[0]).toMatchObject({ rule: id, message: expect.stringMatching(/^层 "s"（Scale）/) });
  expect((await moka("lint", "--list", "--language", "zh")).out).toMatch(/^bn-eps +warning +.*方差/m);
  expect((await moka("lint", "--language", "de", path("bad.prototxt"))).code).toBe(2);
});
