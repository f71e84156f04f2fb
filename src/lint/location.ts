/** A range of the text, or only its start. Lines and columns count from 1. Each node of a tree is a Location. */
export interface Location {
  readonly line: number;
  readonly column: number;
  /** Offsets into the text, in UTF-16 units; given if the end is known. */
  readonly offset?: number | undefined;
  readonly end?: number | undefined;
}
