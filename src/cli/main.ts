#!/usr/bin/env node
import { version } from "../version.js";

// Whoever read the output has seen enough: `moka lint … | head`. Any other program ends then, so this one does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});

const args = process.argv.slice(2);
if (args.length === 1 && /^(-v|--?version)$/.test(args[0] ?? "")) {
  process.stdout.write(`${version}\n`); // scripts ask this often: nothing else need be loaded for it
} else {
  const { main } = await import("./program.js");
  process.exitCode = await main(args);
}
