// 595 real files, and what C++ protobuf with Caffe's schema says of each: that it takes them, that it would but for
// unknown fields, or where it gives up; and whether Caffe upgrades the nets among them.
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type DescMessage, isMessage, toBinary } from "@bufbuild/protobuf";
import { fromText } from "@bufbuild/protobuf/txtpb";
import { beforeAll, describe, expect, test } from "vitest";
import { type NetParameter, NetParameterSchema, SolverParameterSchema } from "../../src/proto/gen/caffe_pb.js";
import { formatText, parseText, type TextIssue } from "../../src/proto/text/index.js";
import { Issues } from "../../src/proto/text/issues.js";
import { Lexer } from "../../src/proto/text/lexer.js";
import { upgradeNetAsNeeded } from "../../src/proto/upgrade/net.js";
import { MokaError } from "../../src/util/errors.js";
import { silent } from "../../src/util/log.js";
import { classDifferences, columnDifferences } from "./corpus-differences.js";

const corpus = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));
const here = existsSync(`${corpus}prototxt.csv`);

interface Sample {
  readonly file: string;
  readonly text: string;
  /** `net_ok`, `solver_unknown_fields`, `net_bad_value`, …; or `other`, for what is neither net nor solver. */
  readonly kind: string;
  /** What C++ protobuf said of a file it refuses. */
  readonly error: string;
  /** How Caffe's upgrade of the net ended: `0`, or `sig6` where it gave up; nothing where it was not tried. */
  readonly upgrade: string;
  readonly schema: typeof NetParameterSchema | typeof SolverParameterSchema;
}

function readSamples(): Sample[] {
  const [head, ...rows] = parseCsv(readFileSync(`${corpus}prototxt.csv`, "utf8"));
  const column = (row: readonly string[], name: string) => row[head.indexOf(name)];
  const distinct = new Map(rows.map((row) => [column(row, "file"), row]));
  return [...distinct].map(([file, row]) => {
    const kind = column(row, "class");
    const schema = kind.startsWith("solver") ? SolverParameterSchema : NetParameterSchema;
    const text = readFileSync(`${corpus}prototxt/${file}`, "utf8");
    return { file, text, kind, error: column(row, "error_or_unknown"), upgrade: column(row, "upgrade_rc"), schema };
  });
}

function parseCsv(text: string): string[][] {
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)])
    .map((cells) => cells.map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare));
}

/** Unknown fields, to BVLC's Caffe: it refuses the file for them, and C++ protobuf can be told to go on. */
const passed: ReadonlySet<string> = new Set(["MOKA_TEXT_UNKNOWN_FIELD", "MOKA_TEXT_FORK_FIELD"]);

type Class = "taken" | "taken but for unknown fields" | "refused";

function classBy(issues: readonly TextIssue[]): Class {
  const refused = issues.filter(({ caffeRefuses }) => caffeRefuses);
  if (refused.length === 0) return "taken";
  const unknownOnly = refused.every(({ code }) => passed.has(code));
  return unknownOnly ? "taken but for unknown fields" : "refused";
}

function classOf(kind: string): Class {
  if (kind.endsWith("_ok")) return "taken";
  return kind.endsWith("_unknown_fields") ? "taken but for unknown fields" : "refused";
}

/** The column as C++ protobuf counts it: in bytes, a tab up to the next multiple of 8. */
function bytesAndTabs(line: string): number {
  let column = 0;
  for (const c of line) column += c === "\t" ? 8 - (column % 8) : Buffer.byteLength(c);
  return column + 1;
}

/** Where C++ protobuf would report an issue: of an enum's value it speaks only when it stands on the token behind it. */
function cppPlace(text: string, { code, line, column }: TextIssue): [line: number, column: number] {
  const lexer = new Lexer(text, new Issues());
  while (lexer.kind !== "end" && (lexer.line < line || (lexer.line === line && lexer.column < column))) lexer.advance();
  if (code === "MOKA_TEXT_UNKNOWN_ENUM" || code === "MOKA_TEXT_FORK_VALUE") lexer.advance();
  const before = text.split("\n")[lexer.line - 1].slice(0, lexer.column - 1);
  return [lexer.line, bytesAndTabs(before)];
}

/** What is found out about a file in one go; each is read only once. */
interface Finding extends Sample {
  readonly is: Class;
  /** The first thing C++ protobuf refuses, unknown fields aside, at its place. */
  readonly mistake: readonly [line: number, column: number] | undefined;
  /** Whether what is printed reads back as the same message, and prints the same. */
  readonly roundTrip: boolean;
  /** Whether protobuf-es's own reader reads the same; nothing if it need not take the file. */
  readonly asOracle: boolean | undefined;
  readonly upgraded: Upgraded | undefined;
}

/** What the upgrade of a net, which is done last, since it changes it, comes to. */
interface Upgraded {
  /** As in the column `upgrade_rc`. */
  readonly result: "0" | "sig6";
  /** Where Caffe gives up, why. */
  readonly reason: string;
  /** Whether it had V0 or V1 layers. */
  readonly wasOld: boolean;
  /** Whether it is as long as before, but for an Input layer, and prints and reads as one of today. */
  readonly whole: boolean;
}

function tryUpgrade(net: NetParameter, hasUnknown: boolean): Upgraded {
  const { layers, layer, input, inputDim, inputShape } = net;
  const wasOld = layers.length > 0;
  const inputs = input.length > 0 && (inputDim.length > 0 || inputShape.length > 0) ? 1 : 0;
  const padding = layers.filter((each) => each.layer?.type === "padding").length;
  try {
    const complete = upgradeNetAsNeeded(net, "the net", silent);
    const bytes = toBinary(NetParameterSchema, net);
    const again = parseText(NetParameterSchema, formatText(NetParameterSchema, net)).message;
    const isLong = net.layer.length === layers.length + layer.length + inputs - padding;
    const isCurrent = net.layers.length === 0 && net.input.length === 0;
    // Unknown fields of an old layer may be known to one of today, when the text is read again.
    const same = (wasOld && hasUnknown) || Buffer.compare(bytes, toBinary(NetParameterSchema, again)) === 0;
    return { result: "0", reason: "", wasOld, whole: complete && isLong && isCurrent && same };
  } catch (error) {
    if (!(error instanceof MokaError)) throw error;
    return { result: "sig6", reason: error.message, wasOld, whole: true };
  }
}

function examine(sample: Sample): Finding {
  const { text } = sample;
  const schema: DescMessage = sample.schema;
  const { message, issues, tree } = parseText(schema, text);
  const bytes = toBinary(schema, message);
  const mistake = issues.find(({ code, caffeRefuses }) => caffeRefuses && !passed.has(code));
  const oracle = issues.length === 0 ? fromText(schema, text) : undefined;

  const options = tree.comments > 0 ? { comments: true, unicode: true } : {};
  const printed = formatText(schema, message, options);
  const again = parseText(schema, printed);
  const same = Buffer.compare(bytes, toBinary(schema, again.message)) === 0;
  const roundTrip =
    same && again.tree.comments === tree.comments && formatText(schema, again.message, options) === printed;
  return {
    ...sample,
    is: classBy(issues),
    mistake: mistake && cppPlace(text, mistake),
    roundTrip,
    asOracle: oracle && Buffer.compare(bytes, toBinary(schema, oracle)) === 0,
    upgraded: isMessage(message, NetParameterSchema) ? tryUpgrade(message, issues.length > 0) : undefined,
  };
}

describe.skipIf(!here)(here ? "the corpus" : "the corpus (skipped: there is no ../shared/corpus)", () => {
  let findings: Finding[] = [];
  beforeAll(() => {
    findings = readSamples().map(examine);
  }, 300_000);

  const names = (some: readonly Finding[]) => some.map(({ file }) => file).sort();
  const judged = () => findings.filter(({ kind }) => kind !== "other");

  test("is whole", () => {
    expect(findings).toHaveLength(595);
    expect(new Set(findings.map(({ kind }) => kind)).size).toBe(9);
  });

  test("is taken or refused by Caffe as Moka says, but for the listed differences", () => {
    const different = judged().filter(({ is, kind }) => is !== classOf(kind));
    expect(names(different)).toEqual(Object.keys(classDifferences).sort());
    expect(different.length / judged().length).toBeLessThanOrEqual(0.02);
  });

  test("holds files that are neither net nor solver, and are taken for neither", () => {
    const others = findings.filter(({ kind }) => kind === "other");
    expect(others).toHaveLength(26);
    for (const { is, text } of others) {
      expect(is).not.toBe("taken");
      expect(classBy(parseText(SolverParameterSchema, text).issues)).not.toBe("taken");
    }
  });

  test("has its first mistakes where C++ protobuf reports them", () => {
    const refused = judged().filter(({ kind }) => classOf(kind) === "refused");
    expect(refused).toHaveLength(54);
    const placed = refused.map((finding) => {
      const [, line, column] = /^(\d+):(\d+): /.exec(finding.error) ?? [];
      return { finding, line: Number(line), column: Number(column) };
    });
    expect(placed.filter(({ finding, line }) => finding.mistake?.[0] !== line)).toEqual([]);
    const elsewhere = placed.filter(({ finding, column }) => finding.mistake?.[1] !== column);
    expect(names(elsewhere.map(({ finding }) => finding))).toEqual(Object.keys(columnDifferences).sort());
  });

  test("reads back as the same messages when printed", () => {
    expect(names(findings.filter(({ roundTrip }) => !roundTrip))).toEqual([]);
  });

  test("is read by protobuf-es's own reader as the same messages, where that has to take it", () => {
    expect(names(findings.filter(({ asOracle }) => asOracle === false))).toEqual([]);
    expect(findings.filter(({ asOracle }) => asOracle)).toHaveLength(277);
  });

  test("is upgraded where Caffe upgrades it, and refused where Caffe gives up", () => {
    const tried = findings.filter(({ upgrade }) => upgrade !== "");
    expect(tried).toHaveLength(170);
    expect(names(tried.filter(({ upgrade, upgraded }) => upgraded?.result !== upgrade))).toEqual([]);
    expect(tried.filter(({ upgraded }) => upgraded?.wasOld).length).toBe(22);
    const [refused, ...others] = tried.filter(({ upgraded }) => upgraded?.result === "sig6");
    expect(refused.upgraded?.reason).toContain("the net has layers of today's form");
    expect(others).toEqual([]);
  });

  test("loses nothing when it is upgraded, whatever Caffe's reader says of it", () => {
    const nets = judged().filter(({ upgraded, is }) => upgraded && is !== "refused");
    expect(names(nets.filter(({ upgraded }) => !upgraded?.whole))).toEqual([]);
  });
});
