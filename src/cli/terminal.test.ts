import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "moka-terminal-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A solver whose net has one weight. */
function solverFile({
  iterations = 1e8,
  solver = "base_lr: 0.001",
  data = `type: "DummyData" dummy_data_param { shape { dim: 1 dim: 2 } data_filler { value: 1 } }`,
  name = "one",
} = {}): string {
  const file = join(folder, "solver.prototxt");
  writeFileSync(
    file,
    `${solver} lr_policy: "fixed" max_iter: ${iterations} snapshot_prefix: "${folder}/snap"
    net_param { name: "${name}"
      layer { name: "d" top: "d" ${data} }
      layer { name: "ip" type: "InnerProduct" bottom: "d" top: "ip" inner_product_param { num_output: 1 weight_filler { value: 3 } } }
      layer { name: "sq" type: "Power" bottom: "ip" top: "sq" power_param { power: 2 } loss_weight: 1 }
    }`,
  );
  return file;
}

/** Waits for a condition. If it never holds, the test fails by its time limit. */
async function until<T>(condition: () => T | undefined | false): Promise<T> {
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const snapshots = () => readdirSync(folder).filter((name) => name.endsWith(".solverstate"));
const isGone = (pid: number) => {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
};

/** `moka train` at a pseudo-terminal, which `script` of util-linux makes. */
function trainAtTerminal(...args: string[]) {
  return trainAt("xterm", ...args);
}

function trainAt(kind: string, ...args: string[]) {
  const own = join(folder, "own");
  // The inner shell outlives Ctrl-C and a terminal that closes, so that it can say with what code the process ended. The
  // outer one, as a login shell, does not.
  const command = `trap : HUP INT; "$MOKA_NODE" -e 'require("fs").writeFileSync("${own}.pid", "" + process.pid); process.argv.splice(1, 0, "moka"); import(${JSON.stringify(main)})' -- train "$@"; echo $? > ${own}.code`;
  writeFileSync(`${own}.sh`, command);
  const script = spawn("script", ["-qec", `sh ${own}.sh ${args.join(" ")}; exit $?`, "/dev/null"], {
    env: { ...process.env, TERM: kind, MOKA_NODE: process.execPath, NO_COLOR: "1" },
  });
  let shown = "";
  for (const stream of [script.stdout, script.stderr])
    stream.on("data", (text) => {
      shown += text;
    });
  const pid = () => (existsSync(`${own}.pid`) ? Number(readFileSync(`${own}.pid`)) : undefined);
  const code = () => (existsSync(`${own}.code`) && readFileSync(`${own}.code`, "utf8")) || undefined;
  onTestFinished(() => {
    script.kill("SIGKILL");
    const left = pid();
    if (left !== undefined && !isGone(left)) process.kill(left, "SIGKILL");
  });
  return {
    shown: () => shown,
    shows: (sign: RegExp) => until(() => sign.test(shown)),
    type: (keys: string) => script.stdin.write(keys),
    close: () => script.kill("SIGKILL"),
    signal: (name: NodeJS.Signals) => process.kill(pid() ?? 0, name),
    /** The exit code, when the process is gone. */
    ended: async () => {
      const exit = Number(await until(code));
      const last = await until(pid);
      await until(() => isGone(last));
      return exit;
    },
  };
}

/** Fails if the terminal was left without its cursor, or without the wrapping of lines. */
function checkTerminal(shown: string): void {
  for (const mode of ["?25", "?7"]) {
    expect(shown.lastIndexOf(`\u001b[${mode}l`)).toBeLessThanOrEqual(shown.lastIndexOf(`\u001b[${mode}h`));
  }
  expect(shown).not.toContain("\u001b8"); // the old place, where by now something else stands
}

const hasScript = spawnSync("script", ["-qec", "true", "/dev/null"], { input: "" }).status === 0;
// The terminal needs `script` of util-linux; BSD's takes other arguments.
describe.skipIf(!hasScript && process.env["MOKA_REQUIRE_TOOLS"] !== "1")("at a terminal", () => {
  test("Ctrl-C stops with a snapshot", async () => {
    const run = trainAtTerminal("-solver", solverFile(), "-engine", "reference");
    await run.shows(/one █*░* \d+\/100000000 {2}loss \d/);
    run.type("\u0003");
    expect(await run.ended()).toBe(0);
    expect(snapshots().length).toBe(1);
    await run.shows(/iteration \d+, saved .*caffemodel/);
    checkTerminal(run.shown());
  });

  test.each([
    ["the last iteration", {}, /iteration 3, saved/, 0],
    ["a loss that is not finite", { solver: "base_lr: 1e30" }, /moka: .*MOKA_NAN/, 1],
    [
      "an error of a data layer",
      { data: 'type: "Data" data_param { source: "/nowhere" batch_size: 1 }' },
      /moka: .*nowhere/,
      1,
    ],
    ["a name like a part of a format", { name: "x{bar}" }, /x\{bar\} ░+ 0\/3/, 0],
  ])("it comes back after %s", async (_, options, sign, code) => {
    const run = trainAtTerminal("-solver", solverFile({ iterations: 3, ...options }), "-engine", "reference");
    expect(await run.ended()).toBe(code);
    await run.shows(sign);
    checkTerminal(run.shown());
  });

  test("it comes back after an error amid the data", async () => {
    const list = join(folder, "list.txt");
    const picture = fileURLToPath(new URL("../../test/golden/data/inputs/images/small.png", import.meta.url));
    writeFileSync(list, `${picture} 0\n${folder}/missing.png 0\n`);
    const data = `top: "label" type: "ImageData" image_data_param { source: "${list}" batch_size: 1 new_height: 2 new_width: 2 }`;
    const run = trainAtTerminal("-solver", solverFile({ data }), "-engine", "reference");
    expect(await run.ended()).toBe(1);
    await run.shows(/moka: .*missing\.png/);
    checkTerminal(run.shown());
  });

  test("it comes back when a finished run is resumed", async () => {
    const file = solverFile({ iterations: 3 });
    const first = trainAtTerminal("-solver", file, "-engine", "reference");
    expect(await first.ended()).toBe(0);
    rmSync(join(folder, "own.code"));
    const again = trainAtTerminal(
      "-solver",
      file,
      "-engine",
      "reference",
      "-snapshot",
      `${folder}/snap_iter_3.solverstate`,
    );
    expect(await again.ended()).toBe(0);
    checkTerminal(again.shown());
  });

  test("a terminal that closes takes a snapshot, and training goes on", async () => {
    const run = trainAtTerminal("-solver", solverFile(), "-engine", "reference");
    await run.shows(/\d+\/100000000 {2}loss \d/);
    run.close();
    await until(() => snapshots().length === 1);
    run.signal("SIGINT");
    expect(await run.ended()).toBe(0);
    expect(snapshots().length).toBe(2);
  });

  test("-sighup_effect stop ends with a snapshot", async () => {
    const run = trainAtTerminal("-solver", solverFile(), "-engine", "reference", "-sighup_effect", "stop");
    await run.shows(/\d+\/100000000 {2}loss \d/);
    run.close();
    expect(await run.ended()).toBe(0);
    expect(snapshots().length).toBe(1);
  });

  test("a dumb terminal gets the log", async () => {
    const run = trainAt("dumb", "-solver", solverFile({ iterations: 3 }), "-engine", "reference");
    expect(await run.ended()).toBe(0);
    await run.shows(/solver\.cpp:\d+\] Solving one/);
    expect(run.shown()).not.toContain("\u001b");
  });

  test("SIGTERM ends it", async () => {
    const run = trainAtTerminal("-solver", solverFile(), "-engine", "reference");
    await run.shows(/\d+\/100000000 {2}loss \d/);
    run.signal("SIGTERM");
    expect(await run.ended()).toBe(128 + 15);
    checkTerminal(run.shown());
  });
});

/** `moka` in a shell, which redirects its output. */
function inShell(command: string): ChildProcess & { readonly ended: Promise<number | null> } {
  const child = spawn("sh", ["-c", `exec "$MOKA_NODE" "${main}" ${command}`], {
    env: { ...process.env, MOKA_NODE: process.execPath, NO_COLOR: "1" },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return Object.assign(child, { ended: new Promise<number | null>((resolve) => child.on("exit", resolve)) });
}

test("a log that nobody reads any more does not end training", async () => {
  const run = inShell(`train -solver ${solverFile({ solver: "base_lr: 0.001 display: 1" })} -engine reference`);
  await new Promise((resolve) => run.stderr?.once("data", resolve));
  run.stderr?.destroy();
  await until(() => run.kill("SIGHUP") && snapshots().length > 1);
  run.kill("SIGINT");
  expect(await run.ended).toBe(0);
});

describe.skipIf(!existsSync("/dev/full"))("on a full disk", () => {
  test("training goes on without its log, and ends with its snapshot", async () => {
    const file = solverFile({ iterations: 3, solver: "base_lr: 0.001 display: 1" });
    expect(await inShell(`train -solver ${file} -engine reference 2>/dev/full`).ended).toBe(0);
    expect(snapshots()).toEqual(["snap_iter_3.solverstate"]);
  });

  test.each(["--help", "--version", "device_query", "lint --list", "summary SOLVER"])(
    "moka %s says in a line that it cannot write",
    async (command) => {
      const net = join(folder, "net.prototxt");
      writeFileSync(net, 'layer { name: "i" type: "Input" top: "i" input_param { shape { dim: 1 } } }\n');
      const run = inShell(`${command.replace("SOLVER", net)} >/dev/full`);
      let said = "";
      run.stderr?.on("data", (text) => {
        said += text;
      });
      expect(await run.ended).toBe(1);
      await until(() => said !== "");
      expect(said).toMatch(/^moka: cannot write the output: .*ENOSPC.* \[MOKA_FILE\]\n$/);
    },
  );
});
