type Leave = (code: number) => Promise<never>;

let leave: Leave | undefined;

/** Has the process end by `end` when its command is done, instead of when nothing is left to do. */
export function leaveBy(end: Leave): void {
  leave = end;
}

/** Ends the process, if it was asked to end otherwise than by itself. */
export async function leaveNow(code: number): Promise<void> {
  await leave?.(code);
}
