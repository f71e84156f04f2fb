import { main } from "../src/cli/program.js";

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `moka` with these arguments in this process, without colors; returns its exit code and its output. */
export async function moka(...args: string[]): Promise<CliResult> {
  const printed = { out: "", err: "" };
  const capture = (stream: NodeJS.WriteStream, into: "out" | "err") => {
    const { write } = stream;
    stream.write = ((text: string | Uint8Array) => {
      printed[into] += typeof text === "string" ? text : new TextDecoder().decode(text);
      return true;
    }) as typeof write;
    return () => {
      stream.write = write;
    };
  };
  const { NO_COLOR } = process.env;
  process.env.NO_COLOR = "1";
  const restore = [capture(process.stdout, "out"), capture(process.stderr, "err")];
  try {
    const code = await main(args);
    return { code, ...printed };
  } finally {
    for (const undo of restore) undo();
    if (NO_COLOR === undefined) delete process.env.NO_COLOR;
    else process.env.NO_COLOR = NO_COLOR;
  }
}
