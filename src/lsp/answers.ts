import {
  type Connection,
  type DocumentHighlight,
  DocumentHighlightKind,
  ErrorCodes,
  type Location,
  ResponseError,
  type TextDocumentPositionParams,
} from "vscode-languageserver";
import {
  completionsAt,
  definitionsAt,
  foldsOf,
  formatPrototxt,
  hoverAt,
  occurrencesAt,
  outlineOf,
  renameAt,
  renameRangeAt,
  tokensOf,
} from "../language/index.js";
import type { FoundProblem } from "../lint/lint.js";
import { editsBetween } from "../util/diff.js";
import { folderOf } from "../util/paths.js";
import type { Client } from "./client.js";
import { edit } from "./code-actions.js";
import { asCompletionItem } from "./completion-items.js";
import { isRule, pageOf } from "./diagnostics.js";
import type { EditedFiles } from "./edited-files.js";
import { type OpenDocuments, pathOfUri } from "./open-documents.js";
import type { Places } from "./positions.js";
import { semanticTokens } from "./semantic-tokens.js";
import { asSymbol } from "./symbols.js";

interface Texts {
  /** The places of an open text; undefined for one that is not open, or too large. */
  readonly placesOf: (uri: string) => Places | undefined;
  /** What is wrong in a text, as far as it is known. */
  readonly findingsOf: (uri: string) => readonly FoundProblem[];
  readonly documents: OpenDocuments;
  readonly files: EditedFiles;
  readonly client: () => Client | undefined;
}

/** Answers what an editor asks about a text by `src/language`: its offsets become positions, its kinds the protocol's. */
export function answerRequests(
  connection: Connection,
  { placesOf, findingsOf, documents, files, client }: Texts,
): void {
  /** Answers a question about a place; nothing for a text that is not looked at. */
  const at =
    <P extends TextDocumentPositionParams, R>(answer: (places: Places, offset: number, params: P) => R) =>
    (params: P) => {
      const places = placesOf(params.textDocument.uri);
      return places ? answer(places, places.offsetAt(params.position), params) : null;
    };

  /** Answers a question about a whole text. */
  const of =
    <P extends { readonly textDocument: { readonly uri: string } }, R>(answer: (places: Places) => R) =>
    (params: P) => {
      const places = placesOf(params.textDocument.uri);
      return places ? answer(places) : null;
    };

  /** The files that a solver or a net may name, in the folder of a document. */
  const namesBeside = async (uri: string): Promise<readonly string[]> => {
    const path = pathOfUri(uri);
    const names = path === undefined ? [] : await files.list(folderOf(path) || ".").catch(() => []);
    return names.filter((name) => /\.(?:prototxt|caffemodel|h5|solverstate|binaryproto|txt)$|lmdb$/.test(name));
  };

  connection.onCompletion(
    at(async (places, offset, { textDocument: { uri } }) => {
      const items = await completionsAt(places.text, offset, { files: await namesBeside(uri) });
      return items.map((item, index) => asCompletionItem(item, index, places, client()?.takesSnippets ?? false));
    }),
  );

  connection.onHover(
    at(async (places, offset, { textDocument: { uri } }) => {
      const hover = await hoverAt(places.text, offset);
      const found = findingsOf(uri).filter((finding) => {
        const { from, to } = places.spanOf(finding);
        return from <= offset && offset <= to;
      });
      const parts = [...(hover ? [hover.markdown] : []), ...found.map(asMarkdown)];
      if (parts.length === 0) return null;
      const range = hover ? { range: places.range(hover) } : {};
      return { contents: { kind: "markdown", value: parts.join("\n\n---\n\n") }, ...range };
    }),
  );

  connection.onDefinition(
    at(async (places, offset, { textDocument: { uri } }) => {
      const targets = definitionsAt(places.text, offset);
      const found = await Promise.all(
        targets.map(async ({ file, from, to }): Promise<Location[]> => {
          if (file === undefined) return [{ uri, range: places.range({ from, to }) }];
          const path = await files.resolve(file, pathOfUri(uri));
          const start = { line: 0, character: 0 };
          return (await files.exists(path))
            ? [{ uri: documents.uriOf(files.absolute(path)), range: { start, end: start } }]
            : [];
        }),
      );
      return found.flat();
    }),
  );

  connection.onReferences(
    at((places, offset, { textDocument: { uri }, context }) =>
      occurrencesAt(places.text, offset)
        .filter(({ role }) => context.includeDeclaration || role !== "made")
        .map((each) => ({ uri, range: places.range(each) })),
    ),
  );

  const kinds = {
    made: DocumentHighlightKind.Write,
    read: DocumentHighlightKind.Read,
    name: DocumentHighlightKind.Text,
  };
  connection.onDocumentHighlight(
    at((places, offset) =>
      occurrencesAt(places.text, offset).map(
        (each): DocumentHighlight => ({ range: places.range(each), kind: kinds[each.role] }),
      ),
    ),
  );

  connection.onPrepareRename(
    at((places, offset) => {
      const found = renameRangeAt(places.text, offset);
      return found ? { range: places.range(found), placeholder: found.name } : null;
    }),
  );

  connection.onRenameRequest(
    at((places, offset, { textDocument: { uri }, newName }) => {
      const renamed = renameAt(places.text, offset, newName);
      if ("refused" in renamed) return new ResponseError(ErrorCodes.InvalidRequest, renamed.refused);
      return edit(uri, renamed.edits, places);
    }),
  );

  connection.onDocumentFormatting(
    of((places) => {
      const { text, refused } = formatPrototxt(places.text);
      if (refused !== undefined) return new ResponseError(ErrorCodes.InvalidRequest, refused);
      return editsBetween(places.text, text).map((each) => places.textEdit(each));
    }),
  );

  connection.onDocumentSymbol(of((places) => outlineOf(places.text).map((item) => asSymbol(item, places))));

  connection.onFoldingRanges(
    of((places) =>
      foldsOf(places.text).map((fold) => {
        const { start, end } = places.range(fold);
        return {
          startLine: start.line,
          startCharacter: start.character,
          endLine: end.line,
          endCharacter: end.character,
        };
      }),
    ),
  );

  connection.languages.semanticTokens.on((params) => {
    const places = placesOf(params.textDocument.uri);
    return places ? semanticTokens(tokensOf(places.text), places) : { data: [] };
  });
}

function asMarkdown({ rule, severity, message, why }: FoundProblem): string {
  const page = isRule(rule) ? `[${rule}](${pageOf(rule)})` : rule;
  const lines = [message, ...why.split("\n")].filter((line) => line !== "");
  return `${lines.map(escapeMarkdown).join("  \n")}  \n*${severity}* ${page}`;
}

/** A file's names may hold marks of Markdown, which are to be read and not to be followed. */
function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()<>#+!|~&-]/g, "\\$&");
}
