import { type Command, command, flag, option } from "../command.js";
import { printError } from "../print.js";

/** `moka lsp`: a language server over stdin and stdout. It ends when the editor says so, or is gone. */
export const lsp: Command = command(
  {
    stdio: flag("--stdio", "speak over stdin and stdout, as it does anyway: editors pass it"),
    clientProcessId: option("--clientProcessId <id>", "the editor's process, with which the server ends"),
  },
  async () => {
    const [{ createConnection, ProposedFeatures }, { serve }, { createFiles }] = await Promise.all([
      import("vscode-languageserver/node"),
      import("../../lsp/serve.js"),
      import("#platform"),
    ]);
    if (process.stdin.isTTY)
      printError("moka lsp waits for an editor to speak to it: see docs/editors.md. Ctrl-C ends it.\n");
    const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout);
    serve(connection, { files: createFiles(), folder: process.cwd() });
    connection.listen();
    // The library ends the process: with 0 after `shutdown` and `exit`, with 1 if the editor just goes away.
    return new Promise(() => {});
  },
  {
    help:
      "Editors start it: see docs/editors.md for VS Code, Neovim, Helix, Emacs, Sublime Text and Zed. It speaks the Language" +
      "\nServer Protocol: mistakes as you type, repairs, completion, hover, definitions, rename, formatting and more.",
  },
);
