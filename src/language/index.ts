/** What an editor asks about prototxt: no editor is known here. Each answer is of the text alone. */
export { type CompletionOptions, completionsAt } from "./completion.js";
export { foldsOf } from "./folds.js";
export { formatPrototxt } from "./format.js";
export { hoverAt } from "./hover.js";
export { definitionsAt, occurrencesAt, renameAt, renameRangeAt } from "./names.js";
export { outlineOf } from "./outline.js";
export { tokensOf } from "./tokens.js";
export type {
  Completion,
  Hover,
  Occurrence,
  OutlineItem,
  SyntaxKind,
  SyntaxToken,
  Target,
  TextRange,
} from "./types.js";
