import { expect, test } from "vitest";
import { moka } from "../../test/cli.js";
import { version } from "../version.js";

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
