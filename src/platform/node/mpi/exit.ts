import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import type { Koffi } from "./functions.js";

const require = createRequire(import.meta.url);

/** Ends the process by the system's `_exit`, after its output was written. Threads that hang are not waited for. */
export async function exitAtOnce(code: number): Promise<never> {
  const written = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write("", () => resolve()));
  // A reader that has gone, or is stopped, must not keep the process.
  const soon = new Promise((resolve) => setTimeout(resolve, 500));
  await Promise.race([Promise.all([written(process.stdout), written(process.stderr)]), soon]);
  return endNow(code);
}

/** Ends the process from any thread, with a line on the standard error. */
export function endProcess(code: number, message: string): never {
  writeSync(2, `${message}\n`);
  return endNow(code);
}

function endNow(code: number): never {
  const koffi = require("koffi") as Koffi;
  koffi.load(null).func("void _exit(int code)")(code);
  return process.exit(code);
}
