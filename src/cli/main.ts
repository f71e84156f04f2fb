#!/usr/bin/env node
import { version } from "../version.js";

// The program that reads the output may close it early: `moka lint … | head`. This process then ends, as others do.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  process.stderr.write(`moka: cannot write the output: ${error.message} [MOKA_FILE]\n`);
  process.exit(1);
});

const args = process.argv.slice(2);
if (args.length === 1 && /^(-v|--?version)$/.test(args[0] ?? "")) {
  process.stdout.write(`${version}\n`); // scripts ask for the version often, so nothing else is loaded
} else {
  const { main } = await import("./program.js");
  process.exitCode = await main(args);
}
