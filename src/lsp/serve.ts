import {
  type CodeAction,
  type CodeActionParams,
  type Connection,
  DidChangeWatchedFilesNotification,
  type InitializeResult,
  LSPErrorCodes,
  ResponseError,
} from "vscode-languageserver";
import { fix } from "../api/lint.js";
import { configName } from "../lint/config-file.js";
import { editsBetween } from "../util/diff.js";
import { reasonOf } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { version } from "../version.js";
import { answerRequests } from "./answers.js";
import { capabilities } from "./capabilities.js";
import { type Client, clientOf } from "./client.js";
import { codeActions, edit } from "./code-actions.js";
import { asDiagnostic } from "./diagnostics.js";
import { EditedFiles } from "./edited-files.js";
import { largest, type Report } from "./lint-one.js";
import { OpenDocuments, pathOfUri } from "./open-documents.js";
import { Places } from "./positions.js";
import { Reports } from "./reports.js";
import { shown } from "./shown.js";

interface Surroundings {
  readonly files: Files;
  /** The working directory, from which paths in prototxts start, as in Caffe. */
  readonly folder: string;
}

/** Answers an editor. What it asks about a text is answered by `src/language`, what is wrong with it by lint. */
export function serve(connection: Connection, { files: disk, folder }: Surroundings): void {
  let client: Client | undefined;
  const documents = new OpenDocuments();
  const files = new EditedFiles(disk, folder, (path) => documents.byPath.get(path)?.getText());
  const reports = new Reports({
    opened: documents.byPath,
    files,
    // An editor that is gone needs nothing.
    publish: (path, report) => void connection.sendDiagnostics(diagnosticsOf(path, report)).catch(() => {}),
    log: (message) => connection.console.warn(message),
  });
  documents.listen(connection, { changed: (path) => reports.change(path), saved: () => reports.forget() });

  const findingsOf = ({ findings }: Report) => findings.map((finding) => shown(finding, client?.language ?? "en"));
  const diagnosticsOf = (path: string, report: Report | undefined) => {
    const document = documents.byPath.get(path);
    const places = new Places(document?.getText() ?? report?.text ?? "");
    const diagnostics = report ? findingsOf(report).map((finding) => asDiagnostic(finding, places)) : [];
    return { uri: documents.uriOf(path), diagnostics, ...(document ? { version: document.version } : {}) };
  };
  /** The places of an open text; undefined for one that is not open, or too large to be looked at while somebody waits. */
  const placesOf = (uri: string) => {
    const text = documents.get(uri)?.getText();
    return text === undefined || text.length > largest ? undefined : new Places(text);
  };

  connection.onInitialize((params): InitializeResult => {
    client = clientOf(params);
    return { capabilities, serverInfo: { name: "moka", version } };
  });
  connection.onInitialized(async () => {
    if (!client?.watchesFiles) return;
    const watchers = [{ globPattern: "**/*.prototxt" }, { globPattern: `**/${configName}` }];
    await connection.client
      .register(DidChangeWatchedFilesNotification.type, { watchers })
      .catch((error: unknown) => connection.console.warn(`changes on the disk are not seen: ${reasonOf(error)}`));
  });
  connection.onDidChangeWatchedFiles(() => reports.forget());
  connection.onShutdown(() => reports.stop());

  connection.onCodeAction(async (params: CodeActionParams) => {
    const { uri } = params.textDocument;
    const report = await reports.current(pathOfUri(uri));
    const places = placesOf(uri);
    if (!places || !report) return [];
    const actions = codeActions(params, findingsOf(report), places);
    return client?.resolvesEdits ? [...actions] : Promise.all(actions.map(withEdit));
  });
  connection.onCodeActionResolve((action) => withEdit(action));
  /** Completes the action that makes all repairs of a file: they take rounds of lint, which nobody waits for before it is chosen. */
  const withEdit = async (action: CodeAction): Promise<CodeAction> => {
    const uri: unknown = action.data?.uri;
    const given = typeof uri === "string" ? placesOf(uri) : undefined;
    if (action.edit || typeof uri !== "string" || !given) return action;
    const path = pathOfUri(uri);
    const { before, text } = await fix(path, { files, ...(await reports.optionsOf(path)) });
    if (placesOf(uri)?.text !== given.text) {
      throw new ResponseError(LSPErrorCodes.ContentModified, "the text has changed meanwhile");
    }
    return { ...action, edit: edit(uri, editsBetween(before, text), new Places(before)) };
  };

  answerRequests(connection, {
    placesOf,
    files,
    documents,
    client: () => client,
    findingsOf: (uri) => {
      const report = reports.latest(pathOfUri(uri));
      return report ? findingsOf(report) : [];
    },
  });
}
