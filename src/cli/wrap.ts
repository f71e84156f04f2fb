/** Lines of at most `width` characters, broken after a separator if there is one. */
export function wrap(name: string, width: number): string[] {
  if (name.length <= width) return [name];
  const head = name.slice(0, width);
  const end = head.search(/[/_.-][^/_.-]*$/) + 1 || width;
  return [name.slice(0, end), ...wrap(name.slice(end), width)];
}
