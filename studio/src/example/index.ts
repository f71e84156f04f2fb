/** What the page shows a first-time reader: the article's pair in a small net, and a solver that trains it in seconds. */
import net from "../../../examples/browser/net.prototxt?raw";
import solver from "./solver.prototxt?raw";

export const example = { files: { "net.prototxt": net, "solver.prototxt": solver }, active: "net.prototxt" } as const;
