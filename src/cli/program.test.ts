import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, vi } from "vitest";
import { moka } from "../../test/cli.js";
import { version } from "../version.js";
import { commands } from "./commands/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("--version prints the version", async () => {
  expect(await moka("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
});

test("--help lists the commands, and each has its own", async () => {
  const { code, out } = await moka("--help");
  expect(code).toBe(0);
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
      return { define: () => {}, run: async () => 0 };
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
  expect(source.match(/^import .*$/gm)).toEqual(['import { version } from "../version.js";']);
});

test.each([
  [["nonsense"], "error: unknown command 'nonsense'"],
  [["train"], "error: required option '--solver <file>' not specified"],
  [["train", "-solver", "x", "-nonsense"], "error: unknown option '--nonsense'"],
  [["time", "-model", "x", "-iterations", "many"], "It must be a whole number, 1 or more."],
  [["time", "-model", "x", "-phase", "TRIAN"], 'phase must be "TRAIN" or "TEST", not "TRIAN"'],
])("a wrong call, %j, exits with 2 and says why", async (args, message) => {
  const { code, err } = await moka(...args);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test("what goes wrong in the work exits with 1, with the error's code", async () => {
  const { code, err } = await moka("time", "-model", "/nowhere/net.prototxt");
  expect(code).toBe(1);
  expect(err).toMatch(/^.*moka:.* cannot read \/nowhere\/net\.prototxt.*ENOENT.* \[MOKA_FILE\]\n$/m);
});
