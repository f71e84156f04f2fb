/** The golden cases that cannot be exported, with the reason that the error gives. */
export const refusals: readonly (readonly [path: RegExp, reason: RegExp])[] = [];
