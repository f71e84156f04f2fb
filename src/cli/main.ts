#!/usr/bin/env node
import { version } from "../version.js";

const args = process.argv.slice(2);
if (args.length === 1 && /^(-v|--?version)$/.test(args[0] ?? "")) {
  process.stdout.write(`${version}\n`); // scripts ask this often: nothing else need be loaded for it
} else {
  const { main } = await import("./program.js");
  process.exitCode = await main(args);
}
