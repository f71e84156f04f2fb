import { type Connection, TextDocuments } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import { pathOf } from "../util/files.js";
import { normalPath, uriOf } from "../util/paths.js";

interface Listener {
  readonly changed: (path: string) => void;
  readonly saved: () => void;
}

/** The documents that are open, by the absolute paths of their files. One that is no file's has a path made of its address. */
export class OpenDocuments {
  readonly byPath = new Map<string, TextDocument>();
  readonly #documents = new TextDocuments(TextDocument);

  listen(connection: Connection, { changed, saved }: Listener): void {
    this.#documents.onDidChangeContent(({ document }) => {
      const path = pathOfUri(document.uri);
      this.byPath.set(path, document);
      changed(path);
    });
    this.#documents.onDidClose(({ document }) => {
      const path = pathOfUri(document.uri);
      this.byPath.delete(path);
      changed(path);
    });
    this.#documents.onDidSave(saved);
    this.#documents.listen(connection);
  }

  get(uri: string): TextDocument | undefined {
    return this.#documents.get(uri);
  }

  /** The address of a file, as the editor gave it if the file is open. */
  uriOf(path: string): string {
    return this.byPath.get(path)?.uri ?? uriOf(path);
  }
}

/** The path of a file; of any other address an absolute path that no file has. */
export function pathOfUri(uri: string): string {
  const other = `/${uri.replaceAll(/[^\w.-]/g, (unit) => `%${unit.charCodeAt(0).toString(16)}`)}`;
  try {
    return /^file:/i.test(uri) ? normalPath(pathOf(uri)) : other;
  } catch {
    return other; // it is not encoded as an address
  }
}
