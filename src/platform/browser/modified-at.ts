/** Files in memory have no times: no other program writes to them. */
export async function modifiedAt(_path: string): Promise<number | undefined> {
  return undefined;
}
