import type { Extension } from "@codemirror/state";
export const questions: Extension = [];
