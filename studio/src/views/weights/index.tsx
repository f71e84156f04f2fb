export function Weights() {
  return <div id="weights">Weights</div>;
}
