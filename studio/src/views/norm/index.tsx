export function Norm() {
  return <div id="norm">Norm</div>;
}
