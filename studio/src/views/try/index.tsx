export function Try() {
  return <div id="try">Try</div>;
}
