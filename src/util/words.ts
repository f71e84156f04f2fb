/** A number with its noun: `1 top`, `3 tops`, `0 axes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
