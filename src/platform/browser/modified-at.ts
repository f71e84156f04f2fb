/** Files in memory have no times: nobody else writes to them. */
export async function modifiedAt(_path: string): Promise<number | undefined> {
  return undefined;
}
