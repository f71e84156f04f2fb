export function Editor() {
  return <div id="editor">Editor</div>;
}
