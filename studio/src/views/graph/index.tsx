export function Graph() {
  return <div id="graph">Graph</div>;
}
