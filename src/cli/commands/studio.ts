import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { check } from "../../util/errors.js";
import { oneLine } from "../../util/escape.js";
import { type Command, command, flag, operand, option } from "../command.js";
import { list, parser } from "../options.js";
import { print, printError } from "../print.js";

const port = parser("a port, 0 to 65535", (text: string) => {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value <= 65_535 ? value : undefined;
});

/** `moka studio`: serves Moka Studio, the page, to browsers on this machine. */
export const studio: Command = command(
  {
    files: operand("[files...]", "prototxts of nets and solvers to show; default: an example"),
    weights: option("--weights <files>", "caffemodels to show with them, separated by commas", list),
    port: option("--port <n>", "the port to listen on; 0 takes one that is free", port, 8300),
    open: flag("--open", "open the page in the browser of this machine"),
  },
  async ({ files, weights = [], port, open }) => {
    const page = pageFolder();
    const { projectOf } = await import("../studio/project.js");
    const { serveStudio } = await import("../studio/serve.js");
    const project = await projectOf(files, weights);
    const server = await serveStudio({ port, page, project });
    for (const each of project.left) printError(`not in the page: ${oneLine(each)}\n`);
    print(`${server.address}\n`);
    if (open) await openInBrowser(server.address);
    await interrupted();
    await server.close();
  },
  {
    help:
      "The page is served on 127.0.0.1 alone, to its own origin alone, until Ctrl-C. It gets the files that the prototxts name, as" +
      "\ndatabases and means, up to 1 GB together, and can save the prototxts themselves. Nothing leaves this machine.",
  },
);

/** Where the built page is: beside dist/, in the package as in a checkout. */
function pageFolder(): string {
  // This module is dist/cli/commands/studio.js, or a part of the bundle in dist/bin/.
  const found = ["../../studio/dist/", "../../../studio/dist/"]
    .map((path) => fileURLToPath(new URL(path, import.meta.url)))
    .find((path) => existsSync(`${path}index.html`));
  check(found, "MOKA_FILE", "the page of Moka Studio is not built: npm run build:studio builds it");
  return found;
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
}

async function openInBrowser(address: string): Promise<void> {
  const { spawn } = await import("node:child_process");
  const [program, ...args] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[process.platform as string] ?? [
    "xdg-open",
  ];
  const child = spawn(program as string, [...args, address], { stdio: "ignore", detached: true });
  child.on("error", () => printError(`no browser could be opened: ${program} is not there\n`));
  child.unref();
}
