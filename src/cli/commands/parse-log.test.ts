import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { moka } from "../../../test/cli.js";

const folder = mkdtempSync(join(tmpdir(), "moka-parse-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

const golden = fileURLToPath(new URL("../../../test/golden/train/mlp_sgd/caffe.log", import.meta.url));
const log = join(folder, "caffe.log");
copyFileSync(golden, log);

test("writes a table of training and one of tests beside the log, or where --out says", async () => {
  const { code, out } = await moka("parse_log", log);
  expect(code).toBe(0);
  expect(out).toBe(`Wrote ${log}.train\nWrote ${log}.test\n`);
  expect(readFileSync(`${log}.test`, "utf8").split("\r\n")[1]).toMatch(/^0\.0,0\.\d+,0\.1,0\.253333,58\.926$/);
  await moka("parse_log", log, "--out", join(folder, "tables"), "--delimiter", "\t");
  expect(readFileSync(join(folder, "tables/caffe.log.train"), "utf8")).toMatch(
    /^NumIters\tSeconds\tLearningRate\tloss/,
  );
});

test("--json prints what the tables hold, --svg writes curves", async () => {
  const svg = join(folder, "curves.svg");
  const { code, out } = await moka("parse_log", log, "--json", "--svg", svg);
  expect(code).toBe(0);
  const { train, test: tests } = JSON.parse(out);
  expect(tests[0]).toMatchObject({ iteration: 0, learningRate: 0.1, outputs: { accuracy: 0.253333, loss: 58.926 } });
  expect(train.length).toBeGreaterThan(10);
  expect(readFileSync(svg, "utf8")).toContain(">caffe.log<");
});

test("a file that is no log, no file, and a contradiction are errors", async () => {
  writeFileSync(join(folder, "net.prototxt"), "name: 'x'");
  const { code, err } = await moka("parse_log", join(folder, "net.prototxt"));
  expect(code).toBe(1);
  expect(err).toContain("net.prototxt is no training log");
  expect((await moka("parse_log", join(folder, "none.log"))).err).toContain("none.log");
  expect((await moka("parse_log", log, "--json", "--out", folder)).code).toBe(2);
});
