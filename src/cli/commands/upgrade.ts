import type { NetParameter } from "../../proto/gen/caffe_pb.js";
import { check } from "../../util/errors.js";
import type { Log } from "../../util/log.js";
import { type Command, command, type ExitCode, operand, option, type Parameter } from "../command.js";
import { caffeLog as log } from "../print.js";

/** A file that was read, in an old form or in the current one. */
interface Reading {
  /** Whether it has an old form. */
  readonly needed: boolean;
  /** Upgrades it; false if something had to be left out. */
  upgrade(): boolean;
  /** The bytes to write. */
  content(): Uint8Array | readonly Uint8Array[];
}

/** One of Caffe's upgrade tools. Each reads one kind of file. */
interface Tool {
  readonly name: string;
  /** The message type it reads, as its log names it. */
  readonly message: string;
  readonly form: "text" | "binary";
  /** The line of Caffe's source that logs the written file. */
  readonly lastLine: number;
  read(bytes: Uint8Array, file: string, log: Log, dialect: string | undefined): Promise<Reading>;
}

const netText: Tool = {
  name: "upgrade_net_proto_text",
  message: "NetParameter",
  form: "text",
  lastLine: 49,
  async read(bytes, file, log) {
    const { formatNet, parseNet } = await import("../../proto/text/index.js");
    const { accept } = await import("../../api/read-text.js");
    const { text, encode } = decode(bytes);
    const net = accept(parseNet(text, { file }), file, log);
    return netReading(net, file, log, () => encode(formatNet(net)));
  },
};

const netBinary: Tool = {
  name: "upgrade_net_proto_binary",
  message: "NetParameter",
  form: "binary",
  lastLine: 48,
  async read(bytes, file, log, dialect) {
    const { readNet, writeNet } = await import("../../proto/binary/index.js");
    const { readDialectOf } = await import("../../proto/source.js");
    const net = readNet(bytes, file, { mayChangeBytes: true, dialect });
    for (const { layer, as, others } of readDialectOf(net)?.unsure ?? []) {
      const rest = others.join(", ");
      log(
        "warning",
        "",
        `${file}: layer "${layer}" is read as of ${as}; to ${rest} its fields mean something else: --dialect decides`,
      );
    }
    return netReading(net, file, log, () => writeNet(net, dialect));
  },
};

async function netReading(net: NetParameter, file: string, log: Log, content: Reading["content"]): Promise<Reading> {
  const { needsNetUpgrade, upgradeNetAsNeeded } = await import("../../proto/upgrade/net.js");
  return { needed: needsNetUpgrade(net), upgrade: () => upgradeNetAsNeeded(net, file, log), content };
}

const solverText: Tool = {
  name: "upgrade_solver_proto_text",
  message: "SolverParameter",
  form: "text",
  lastLine: 49,
  async read(bytes, file, log) {
    const { formatSolver, parseSolver } = await import("../../proto/text/index.js");
    const { needsSolverUpgrade, upgradeSolverAsNeeded } = await import("../../proto/upgrade/solver.js");
    const { accept } = await import("../../api/read-text.js");
    const { text, encode } = decode(bytes);
    const solver = accept(parseSolver(text, { file }), file, log);
    return {
      needed: needsSolverUpgrade(solver),
      upgrade: () => upgradeSolverAsNeeded(solver, file, log),
      content: () => encode(formatSolver(solver)),
    };
  },
};

const tools: ReadonlyMap<string, Tool> = new Map([netText, netBinary, solverText].map((tool) => [tool.name, tool]));

/** The name that the command was called by. */
const calledAs: Parameter<string> = (command) => () => command.parent?.args[0] ?? "";

/**
 * `moka upgrade`: upgrades a net or a solver, as text, or a caffemodel to the current form. Comments and fields that Moka
 * does not know are kept. The output is written at the end, all at once.
 *
 * Under the name of one of Caffe's tools it takes that tool's kind of file and has its exit codes: 1 for a wrong call or
 * if something had to be left out, 2 for a file that cannot be read.
 */
export const upgrade: Command = command(
  {
    files: operand("[files...]", "the old file, and the file to write, which may be the same"),
    dialect: option(
      "--dialect <name>",
      "the fork of Caffe whose numbers a caffemodel has; default: what its fields tell",
    ),
    calledAs,
  },
  async ({ files: [from, to, ...more], dialect, calledAs }) => {
    const named = tools.get(calledAs);
    if (from === undefined || to === undefined || more.length > 0) {
      check(named, "MOKA_USAGE", "give two files: moka upgrade IN OUT");
      log("error", `${named.name}.cpp:22`, `Usage: ${named.name} old_file_in new_file_out`);
      return 1;
    }
    const { createFiles } = await import("#platform");
    const files = createFiles();
    const bytes = await files.read(from).catch(failIfCalledAs(named, log));
    if (!bytes) return 2;
    const tool = named ?? (await toolFor(bytes, from));
    const reading = await tool.read(bytes, from, log, dialect).catch(failIfCalledAs(named, log));
    if (!reading) return 2;
    const code = upgradeReading(reading, tool, from, log);
    await files.write(to, reading.content());
    log("info", `${tool.name}.cpp:${tool.lastLine}`, `Wrote upgraded ${tool.message} ${tool.form} proto to ${to}`);
    return code;
  },
  {
    usage: "IN OUT",
    help: `Takes nets and solvers as text, and caffemodels.\nAlso called ${[...tools.keys()].join(", ")}.`,
  },
);

function upgradeReading({ needed, upgrade }: Reading, { name }: Tool, file: string, log: Log): ExitCode {
  if (!needed) {
    log("error", `${name}.cpp:43`, `File already in latest proto format: ${file}`);
    return 0;
  }
  if (upgrade()) return 0;
  log("error", `${name}.cpp:39`, "Encountered error(s) while upgrading prototxt; see details above.");
  return 1;
}

/** Caffe's tools log an error of reading and exit with 2; `moka upgrade` throws the error. */
function failIfCalledAs(tool: Tool | undefined, log: Log): (error: unknown) => undefined {
  return (error) => {
    if (!tool || !(error instanceof Error)) throw error;
    const what = `Failed to parse input ${tool.form} file as ${tool.message}: ${error.message}`;
    log("error", `${tool.name}.cpp:30`, what);
    return undefined;
  };
}

/** The tool for a file. A binary file is a net; a text is a net or a solver, whichever has fewer issues. */
async function toolFor(bytes: Uint8Array, file: string): Promise<Tool> {
  check(bytes.length > 0, "MOKA_PARSE", `${file}: the file is empty, where a prototxt or a caffemodel is wanted`);
  // The tags of a net's layers are control characters, so every binary net has some.
  const isControl = (byte: number) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13;
  if (bytes.subarray(0, 1 << 16).some(isControl)) return netBinary;
  const { parseNet, parseSolver } = await import("../../proto/text/index.js");
  const { text } = decode(bytes);
  const asNet = parseNet(text).issues.length;
  return asNet === 0 || asNet <= parseSolver(text).issues.length ? netText : solverText;
}

/** Decodes a text, and returns the encoder for writing it: UTF-8, or else Latin-1, which keeps every byte. */
function decode(bytes: Uint8Array): { text: string; encode: (text: string) => Uint8Array } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encode: (text) => Buffer.from(text) };
  } catch {
    return { text: Buffer.from(bytes).toString("latin1"), encode: (text) => Buffer.from(text, "latin1") };
  }
}
