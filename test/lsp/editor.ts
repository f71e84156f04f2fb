import { PassThrough, type Readable, type Writable } from "node:stream";
import {
  type ClientCapabilities,
  createConnection,
  createProtocolConnection,
  type Diagnostic,
  type InitializeParams,
  type InitializeResult,
  type LogMessageParams,
  ProposedFeatures,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Range,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { serve } from "../../src/lsp/serve.js";
import { createFiles } from "../../src/platform/node/files.js";
import type { Files } from "../../src/util/files.js";
import { uriOf } from "../../src/util/paths.js";

/** What most editors can. */
export const usual: ClientCapabilities = {
  textDocument: {
    codeAction: { resolveSupport: { properties: ["edit"] } },
    completion: { completionItem: { snippetSupport: true } },
  },
};

interface Surroundings {
  readonly files?: Files;
  /** The working directory. Default: that of the tests. */
  readonly folder?: string;
  /** Default: `usual`. */
  readonly capabilities?: ClientCapabilities;
  readonly initializationOptions?: unknown;
}

/** An editor as the server sees one. It knows files by their paths. */
export class Editor {
  readonly #connection: ProtocolConnection;
  readonly #versions = new Map<string, number>();
  readonly #published: PublishDiagnosticsParams[] = [];
  readonly #waiting = new Set<() => void>();
  /** What the server logged. */
  readonly logged: string[] = [];

  private constructor(input: Readable, output: Writable) {
    const [reader, writer] = [new StreamMessageReader(input), new StreamMessageWriter(output)];
    this.#connection = createProtocolConnection(reader, writer);
    this.#connection.onNotification("textDocument/publishDiagnostics", (params: PublishDiagnosticsParams) => {
      this.#published.push(params);
      for (const look of this.#waiting) look();
    });
    this.#connection.onNotification("window/logMessage", ({ message }: LogMessageParams) => {
      this.logged.push(message);
    });
    this.#connection.onRequest("client/registerCapability", () => null);
    this.#connection.listen();
  }

  /** Starts a server in this process, and an editor for it. */
  static async start({
    files = createFiles(),
    folder = process.cwd(),
    ...options
  }: Surroundings = {}): Promise<Editor> {
    const [toServer, toEditor] = [new PassThrough(), new PassThrough()];
    const [reader, writer] = [new StreamMessageReader(toServer), new StreamMessageWriter(toEditor)];
    const connection = createConnection(ProposedFeatures.all, reader, writer);
    serve(connection, { files, folder });
    connection.listen();
    const editor = new Editor(toEditor, toServer);
    await editor.initialize(options);
    return editor;
  }

  /** An editor for a server that speaks through these streams. */
  static over(input: Readable, output: Writable): Editor {
    return new Editor(input, output);
  }

  async initialize({
    capabilities = usual,
    initializationOptions,
  }: Omit<Surroundings, "files"> = {}): Promise<InitializeResult> {
    const params: InitializeParams = { processId: null, rootUri: null, capabilities, initializationOptions };
    const result = await this.request<InitializeResult>("initialize", params);
    await this.#connection.sendNotification("initialized", {});
    return result;
  }

  request<R = unknown>(method: string, params?: object): Promise<R> {
    return this.#connection.sendRequest<R>(method, params);
  }

  /** Asks about a file, or about a place in it. */
  ask<R>(method: string, path: string, params: object = {}): Promise<R> {
    return this.request<R>(`textDocument/${method}`, { textDocument: { uri: uriOf(path) }, ...params });
  }

  notify(method: string, params: object): void {
    void this.#connection.sendNotification(method, params);
  }

  open(path: string, text: string): void {
    this.#versions.set(path, 1);
    const textDocument = { uri: uriOf(path), languageId: "prototxt", version: 1, text };
    this.notify("textDocument/didOpen", { textDocument });
  }

  /** Changes a file: the whole text, or pieces of it one after another. */
  change(path: string, ...contentChanges: readonly { readonly range?: Range; readonly text: string }[]): void {
    const version = (this.#versions.get(path) ?? 0) + 1;
    this.#versions.set(path, version);
    this.notify("textDocument/didChange", { textDocument: { uri: uriOf(path), version }, contentChanges });
  }

  save(path: string): void {
    this.notify("textDocument/didSave", { textDocument: { uri: uriOf(path) } });
  }

  close(path: string): void {
    this.#versions.delete(path);
    this.notify("textDocument/didClose", { textDocument: { uri: uriOf(path) } });
  }

  /** All diagnostics that were published for a file, in their order. */
  publishedFor(path: string): readonly PublishDiagnosticsParams[] {
    return this.#published.filter(({ uri }) => uri === uriOf(path));
  }

  /** The diagnostics of a file's newest text; of a file that is not open, those that come next or came. */
  async diagnostics(path: string): Promise<readonly Diagnostic[]> {
    const version = this.#versions.get(path);
    return this.#until(() => {
      const last = this.publishedFor(path).at(-1);
      return last?.version === version ? last?.diagnostics : undefined;
    });
  }

  /** Waits for a condition on what was published. */
  async #until<T>(condition: () => T | undefined): Promise<T> {
    const now = condition();
    if (now !== undefined) return now;
    return new Promise((resolve) => {
      const look = () => {
        const found = condition();
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
    });
  }

  /** Forgets what was published, so that `diagnostics` waits for what comes. */
  forget(): void {
    this.#published.length = 0;
  }

  async shutDown(): Promise<void> {
    await this.request("shutdown");
    this.#connection.dispose();
  }

  /** Ends the server as editors do. */
  async exit(): Promise<void> {
    await this.request("shutdown");
    this.notify("exit", {});
  }
}
