import type { InitializeParams } from "vscode-languageserver";
import type { Language } from "./shown.js";

/** What is known of the editor. */
export interface Client {
  readonly language: Language;
  /** Whether the edit of an action may come later, when the action is chosen. */
  readonly resolvesEdits: boolean;
  readonly takesSnippets: boolean;
  /** Whether it tells of changes on the disk, if it is asked to. */
  readonly watchesFiles: boolean;
}

export function clientOf({ capabilities, initializationOptions }: InitializeParams): Client {
  const { textDocument, workspace } = capabilities;
  const options: unknown = initializationOptions;
  const language = typeof options === "object" && options !== null && "language" in options ? options.language : "en";
  return {
    language: language === "zh" ? "zh" : "en",
    resolvesEdits: textDocument?.codeAction?.resolveSupport?.properties.includes("edit") ?? false,
    takesSnippets: textDocument?.completion?.completionItem?.snippetSupport ?? false,
    watchesFiles: workspace?.didChangeWatchedFiles?.dynamicRegistration ?? false,
  };
}
