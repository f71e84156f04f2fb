/** Has the browser save a file. */
export function save(name: string, content: BlobPart | Uint8Array): void {
  const bytes = content instanceof Uint8Array ? (content as Uint8Array<ArrayBuffer>) : content;
  const address = URL.createObjectURL(new Blob([bytes]));
  const link = document.createElement("a");
  link.href = address;
  link.download = name.replace(/^.*[/\\]/, "");
  link.click();
  // The browser reads the address after this turn.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
