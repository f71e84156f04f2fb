import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Diagnostic,
  type WorkspaceEdit,
} from "vscode-languageserver";
import { applyEdits, type Edit } from "../lint/edits.js";
import { ignoreHere } from "../lint/ignore-here.js";
import type { FoundProblem } from "../lint/lint.js";
import { editsBetween } from "../util/diff.js";
import { asDiagnostic, isRule } from "./diagnostics.js";
import type { Places, Span } from "./positions.js";

/** The kind of the action that makes all repairs of a file, for settings such as VS Code's `editor.codeActionsOnSave`. */
export const fixAllKind = `${CodeActionKind.SourceFixAll}.moka`;

/** The actions for what was found in a range of a text, and one for all that can be repaired in it, which has its edit later. */
export function codeActions(
  { textDocument: { uri }, range, context: { only } }: CodeActionParams,
  findings: readonly FoundProblem[],
  places: Places,
): readonly CodeAction[] {
  const isWanted = (kind: string) => !only || only.some((each) => kind === each || kind.startsWith(`${each}.`));
  const asked = { from: places.offsetAt(range.start), to: places.offsetAt(range.end) };
  const here = findings.filter((finding) => touches(places.spanOf(finding), asked));
  const actions: CodeAction[] = [];
  if (isWanted(CodeActionKind.QuickFix)) {
    for (const finding of here) {
      const diagnostics = [asDiagnostic(finding, places)];
      const repair = repairOf(finding, places);
      if (repair)
        actions.push({
          ...quickFix(`Repair: ${finding.message}`, diagnostics, edit(uri, repair, places)),
          isPreferred: true,
        });
      const ignore = isRule(finding.rule) ? ignoreHere(places.text, finding) : undefined;
      if (!ignore) continue;
      const title = `Ignore ${finding.rule} ${ignore.isWholeFile ? "in this file" : "here"}`;
      actions.push(quickFix(title, diagnostics, edit(uri, [ignore.edit], places)));
    }
  }
  const fixable = findings.filter(({ fix }) => fix && fix.edits.length > 0).length;
  const all = { title: `Repair all that can be repaired in this file (${fixable})`, data: { uri } };
  if (fixable > 0 && isWanted(fixAllKind)) actions.push({ ...all, kind: fixAllKind });
  // Editors offer a source action only where they are asked for one.
  if (fixable > 1 && here.some(({ fix }) => fix) && !only) actions.push({ ...all, kind: CodeActionKind.QuickFix });
  return actions;
}

/** The edits of one document, as an action has them. */
export function edit(uri: string, edits: readonly Edit[], places: Places): WorkspaceEdit {
  return { changes: { [uri]: edits.map((each) => places.textEdit(each)) } };
}

/** The edits that repair a finding in the text; undefined if nothing in it is repaired. */
function repairOf({ fix }: FoundProblem, { text }: Places): readonly Edit[] | undefined {
  if (!fix || fix.edits.length === 0) return undefined;
  return editsBetween(text, applyEdits(text, fix.edits));
}

function quickFix(title: string, diagnostics: Diagnostic[], edit: WorkspaceEdit): CodeAction {
  return { title, kind: CodeActionKind.QuickFix, diagnostics, edit };
}

function touches(a: Span, b: Span): boolean {
  return a.from <= b.to && b.from <= a.to;
}
