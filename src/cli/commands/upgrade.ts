import type { Parsed } from "../../proto/text/index.js";
import type { Log } from "../../util/log.js";
import type { Command, ExitCode } from "../command.js";
import { glog } from "../glog.js";

/** A file that was read, of whatever age. */
interface Reading {
  /** Whether it is of an older form. */
  readonly needed: boolean;
  /** Brings it up to date; false if something had to be left out. */
  upgrade(): boolean;
  /** As it is now, ready to be written. */
  content(): Uint8Array | readonly Uint8Array[];
}

/** One of Caffe's tools, each for one kind of file. */
interface Tool {
  readonly name: string;
  /** What it reads, in the words of its log. */
  readonly message: string;
  readonly form: "text" | "binary";
  /** The line of its source from which it logs what it wrote. */
  readonly lastLine: number;
  read(bytes: Uint8Array, file: string, log: Log): Promise<Reading>;
}

const netText: Tool = {
  name: "upgrade_net_proto_text",
  message: "NetParameter",
  form: "text",
  lastLine: 49,
  async read(bytes, file, log) {
    const { formatNet, parseNet } = await import("../../proto/text/index.js");
    const { needsNetUpgrade, upgradeNetAsNeeded } = await import("../../proto/upgrade/net.js");
    const { text, encode } = decode(bytes);
    const net = await accept(parseNet(text, { file }), file, log);
    return {
      needed: needsNetUpgrade(net),
      upgrade: () => upgradeNetAsNeeded(net, file, log),
      content: () => encode(formatNet(net)),
    };
  },
};

const netBinary: Tool = {
  name: "upgrade_net_proto_binary",
  message: "NetParameter",
  form: "binary",
  lastLine: 48,
  async read(bytes, file, log) {
    const { readNet, writeNet } = await import("../../proto/binary/index.js");
    const { needsNetUpgrade, upgradeNetAsNeeded } = await import("../../proto/upgrade/net.js");
    const net = readNet(bytes, file, { mayChangeBytes: true });
    return {
      needed: needsNetUpgrade(net),
      upgrade: () => upgradeNetAsNeeded(net, file, log),
      content: () => writeNet(net),
    };
  },
};

const solverText: Tool = {
  name: "upgrade_solver_proto_text",
  message: "SolverParameter",
  form: "text",
  lastLine: 49,
  async read(bytes, file, log) {
    const { formatText, parseSolver } = await import("../../proto/text/index.js");
    const { SolverParameterSchema } = await import("../../proto/gen/caffe_pb.js");
    const { needsSolverUpgrade, upgradeSolver } = await import("../../proto/upgrade/solver.js");
    const { text, encode } = decode(bytes);
    const solver = await accept(parseSolver(text, { file }), file, log);
    return {
      needed: needsSolverUpgrade(solver),
      upgrade() {
        upgradeSolver(solver, file, log);
        return true;
      },
      content: () => encode(formatText(SolverParameterSchema, solver, { comments: true, unicode: true })),
    };
  },
};

const tools: ReadonlyMap<string, Tool> = new Map([netText, netBinary, solverText].map((tool) => [tool.name, tool]));

/**
 * `moka upgrade`: brings a net or a solver, as text, or a caffemodel up to today's form. Comments are kept, and what
 * Moka does not know. The output is written in one go, at the end.
 *
 * Called by the name of one of Caffe's tools it takes that tool's kind of file, and exits as that does: 1 for a wrong
 * call or where something had to be left out, 2 for a file that cannot be read.
 */
export const upgrade: Command = {
  define(command) {
    const names = [...tools.keys()];
    command
      .argument("[files...]", "the old file, and the file to write, which may be the same")
      .usage("IN OUT")
      .addHelpText("after", `\nTakes nets and solvers as text, and caffemodels.\nAlso called ${names.join(", ")}.`)
      .hook("preAction", (_, action) => {
        action.setOptionValue("calledAs", action.parent?.args[0]);
      });
  },

  async run(args, { calledAs }) {
    const log = glog((text) => process.stderr.write(text));
    const { MokaError } = await import("../../util/errors.js");
    const named = typeof calledAs === "string" ? tools.get(calledAs) : undefined;
    const [from, to] = args;
    if (from === undefined || to === undefined || args.length > 2) {
      if (!named) throw new MokaError("MOKA_USAGE", "give two files: moka upgrade IN OUT");
      log("error", `${named.name}.cpp:22`, `Usage: ${named.name} old_file_in new_file_out`);
      return 1;
    }
    const { createFiles } = await import("#platform");
    const files = createFiles();
    const bytes = await files.read(from).catch(failIfCalledAs(named, log));
    if (!bytes) return 2;
    const tool = named ?? (await toolFor(bytes));
    const reading = await tool.read(bytes, from, log).catch(failIfCalledAs(named, log));
    if (!reading) return 2;
    const code = upgradeReading(reading, tool, from, log);
    await files.write(to, reading.content());
    log("info", `${tool.name}.cpp:${tool.lastLine}`, `Wrote upgraded ${tool.message} ${tool.form} proto to ${to}`);
    return code;
  },
};

function upgradeReading({ needed, upgrade }: Reading, { name }: Tool, file: string, log: Log): ExitCode {
  if (!needed) {
    log("error", `${name}.cpp:43`, `File already in latest proto format: ${file}`);
    return 0;
  }
  if (upgrade()) return 0;
  log("error", `${name}.cpp:39`, "Encountered error(s) while upgrading prototxt; see details above.");
  return 1;
}

/** What is wrong with a file is logged by Caffe's tools, which then exit with 2; `moka upgrade` throws it. */
function failIfCalledAs(tool: Tool | undefined, log: Log): (error: unknown) => undefined {
  return (error) => {
    if (!tool || !(error instanceof Error)) throw error;
    const what = `Failed to parse input ${tool.form} file as ${tool.message}: ${error.message}`;
    log("error", `${tool.name}.cpp:30`, what);
    return undefined;
  };
}

/** The tool for a file: what is no text is a net; text is what it has less to be said against as. */
async function toolFor(bytes: Uint8Array): Promise<Tool> {
  // The tags of a net's layers are control characters, so no binary net is without some.
  const isControl = (byte: number) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13;
  if (bytes.subarray(0, 1 << 16).some(isControl)) return netBinary;
  const { parseNet, parseSolver } = await import("../../proto/text/index.js");
  const { text } = decode(bytes);
  const asNet = parseNet(text).issues.length;
  return asNet === 0 || asNet <= parseSolver(text).issues.length ? netText : solverText;
}

/** A text, and how to write one like it: UTF-8, or, if it is not that, byte for byte. */
function decode(bytes: Uint8Array): { text: string; encode: (text: string) => Uint8Array } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encode: (text) => Buffer.from(text) };
  } catch {
    return { text: Buffer.from(bytes).toString("latin1"), encode: (text) => Buffer.from(text, "latin1") };
  }
}

/** What was read on is logged as a warning; what would be lost is an error. */
async function accept<T>({ message, issues }: Parsed<T>, file: string, log: Log): Promise<T> {
  const { MokaError } = await import("../../util/errors.js");
  const errors = issues.filter(({ severity }) => severity === "error");
  const [first] = errors;
  if (first) {
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more errors)` : "";
    throw new MokaError("MOKA_PARSE", first.message + more, { place: { file, ...first } });
  }
  for (const { line, column, message: reason, caffeRefuses } of issues) {
    const refusal = caffeRefuses ? " (Caffe would refuse this)" : "";
    log("warning", "io.cpp:36", `${file}:${line}:${column}: ${reason}${refusal}`);
  }
  return message;
}
