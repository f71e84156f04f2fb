/** The texts of one rule in Chinese. */
export interface ChineseTexts {
  /** What it looks for, in one line. */
  readonly summary: string;
  /** What the problem causes, in general; the numbers of a net stand in the English text behind it. */
  readonly about: string;
  /**
   * Its messages: the English one as the rule writes it, with names in braces for what differs, and the Chinese one with the same names. The
   * first that fits counts.
   */
  readonly messages: readonly (readonly [english: string, chinese: string])[];
}
