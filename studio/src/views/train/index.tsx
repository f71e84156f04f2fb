export function Train() {
  return <div id="train">Train</div>;
}
