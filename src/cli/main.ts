#!/usr/bin/env node
import { closeSync } from "node:fs";
import { isatty } from "node:tty";
import { version } from "../version.js";

// A log that nobody can take is dropped, and the work goes on: its terminal may be closed, its disk full.
process.stderr.on("error", () => {});

// The program that reads the output may close it early: `moka lint … | head`. This process then ends, as others do.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  try {
    process.stderr.write(`moka: cannot write the output: ${error.message} [MOKA_FILE]\n`);
  } finally {
    process.exit(1);
  }
});

// Node 20 aborts at its end if one of these was a terminal that is closed, unless its descriptor is closed too.
const terminals = [0, 1, 2].filter(isatty);
process.on("exit", () => {
  for (const descriptor of terminals) if (!isatty(descriptor)) closeSync(descriptor);
});

const args = process.argv.slice(2);
if (args.length === 1 && /^(-v|--?version)$/.test(args[0] ?? "")) {
  process.stdout.write(`${version}\n`); // scripts ask for the version often, so nothing else is loaded
} else {
  const [{ main }, { leaveNow }] = await Promise.all([import("./program.js"), import("./leave.js")]);
  process.exitCode = await main(args);
  await leaveNow(process.exitCode);
}
