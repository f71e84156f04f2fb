import { existsSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";
import { digitsFolder, normNet, trained, withBlobs } from "../../../test/norm-nets.js";

let folder: Awaited<ReturnType<typeof digitsFolder>>;
let model: string;
let weights: string;
beforeAll(async () => {
  folder = await digitsFolder(600, 300);
  model = `${folder.path}/train_val.prototxt`;
  const text = normNet(folder.path);
  writeFileSync(model, text);
  const whole = await trained(text, `${folder.path}/net.caffemodel`, 60);
  weights = withBlobs(whole, `${folder.path}/empty.caffemodel`, "bn2", (values) => values.fill(0));
});
afterAll(() => folder.remove());

const run = (...args: string[]) => moka("calibrate", model, weights, ...args, "--engine", "wasm", "--threads", "1");

test("writes the weights anew, and says what moved and what it did to the scores", async () => {
  const output = `${folder.path}/new.caffemodel`;
  const { code, out } = await run("-o", output, "--iterations", "3");
  expect(code).toBe(0);
  expect(out).toMatch(/^digits: statistics of 3 batches, data of TRAIN, pooled$/m);
  expect(out).toMatch(/^bn1 +\d\S* σ +× \d\S* … \d\S*$/m);
  expect(out).toMatch(/^bn2 +\d\S* σ +× inf … inf$/m);
  const [, before, after] = /^accuracy +(\S+) +(\S+)$/m.exec(out) ?? [];
  expect(Number(after)).toBeGreaterThan(Number(before) + 0.2);
  expect(out).toContain(`Wrote ${output}\n`);
  expect((await moka("stats", output)).out).toMatch(/^ {2}factor {3}1: converted, or a single update$/m);
  // An HDF5 file, by its name.
  const hdf5 = await run("-o", `${output}.h5`, "--iterations", "3", "--method", "moving", "--json");
  expect(JSON.parse(hdf5.out)).toMatchObject({ method: "moving", batches: 3, output: `${output}.h5` });
  expect((await moka("stats", model, `${output}.h5`)).out).toMatch(/2\.997: about 3 updates/);
});

test("without a file to write to it does nothing", async () => {
  expect((await run("--iterations", "1")).code).toBe(2);
  const { code, err } = await run("-o", `${folder.path}/none/new.caffemodel`, "--iterations", "1");
  expect(code).toBe(1);
  expect(err).toContain("none/new.caffemodel");
  expect(existsSync(`${folder.path}/none`)).toBe(false);
});
