export function Tour() {
  return <div id="tour">Tour</div>;
}
