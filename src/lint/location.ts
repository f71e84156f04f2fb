/** A stretch of the text, or only where it starts; lines and columns count from 1. A node of the tree is one. */
export interface Location {
  readonly line: number;
  readonly column: number;
  /** Offsets into the text, where the end is known. */
  readonly offset?: number | undefined;
  readonly end?: number | undefined;
}
