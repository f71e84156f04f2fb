/** The forks, the most used first. */
export const forkNames: readonly string[];

/** Writes the generated files into a folder. */
export function generate(folder: string): void;
