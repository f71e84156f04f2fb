import { commands, type ExtensionContext, env, Uri, window, workspace } from "vscode";
import { LanguageClient } from "vscode-languageclient/node";
import { findServer } from "./find-server.js";

const page = "https://github.com/moka-caffe/moka/blob/main/docs/editors.md";

let client: LanguageClient | undefined;

/** Called by VS Code when the first prototxt is opened. */
export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand("moka.restart", restart),
    workspace.onDidGrantWorkspaceTrust(restart),
    workspace.onDidChangeConfiguration(async (change) => {
      if (["moka.serverPath", "moka.language"].some((name) => change.affectsConfiguration(name))) await restart();
    }),
  );
  await start();
}

/** Called by VS Code before it ends. */
export async function deactivate(): Promise<void> {
  const ended = client;
  client = undefined;
  await ended?.stop();
}

async function restart(): Promise<void> {
  await deactivate();
  await start();
}

async function start(): Promise<void> {
  if (!workspace.isTrusted) return; // the server is a program of the workspace
  const settings = workspace.getConfiguration("moka");
  const folders = workspace.workspaceFolders?.map(({ uri }) => uri.fsPath) ?? [];
  const command = findServer(settings.get("serverPath", ""), folders, process.platform);
  // Windows starts moka.cmd by a shell alone, and the shell wants a path with blanks in quotes.
  const shell = process.platform === "win32";
  const [cwd] = folders;
  const run = {
    command: shell ? `"${command}"` : command,
    args: ["lsp"],
    options: { ...(cwd === undefined ? {} : { cwd }), shell },
  };
  const started = new LanguageClient("moka", "Moka", run, {
    documentSelector: [{ language: "prototxt" }],
    initializationOptions: { language: languageOf(settings.get("language", "auto")) },
  });
  client = started;
  try {
    await started.start();
  } catch (error) {
    client = undefined;
    const reason = error instanceof Error ? error.message : String(error);
    const how = "How to install it";
    const text = `Moka's language server did not start by "${command} lsp": ${reason}`;
    if ((await window.showErrorMessage(text, how)) === how) await env.openExternal(Uri.parse(page));
  }
}

function languageOf(setting: string): string {
  if (setting !== "auto") return setting;
  return env.language.startsWith("zh") ? "zh" : "en";
}
