// Starts ranks as the tests do: what starts them is written in TypeScript, for the tests.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";

const source = readFileSync(new URL("../../test/mpi/mpirun.ts", import.meta.url), "utf8");
const { code } = transformSync(source, { loader: "ts", format: "esm" });
const launcher = await import(`data:text/javascript,${encodeURIComponent(code)}`);

export const { mpirun, startRanks } = launcher;

/** A file of this folder. */
export const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** The program `moka` of the last build. */
export const moka = fileURLToPath(new URL("../../dist/bin/moka.js", import.meta.url));

/** The MPIs to run with, of those that are wanted; what is not installed is said. */
export function mpis(wanted = launcher.mpiKinds.join()) {
  return wanted.split(",").filter((kind) => {
    if (!launcher.mpiKinds.includes(kind)) throw new Error(`there is no MPI "${kind}"; choose of ${launcher.mpiKinds}`);
    if (launcher.launcherOf(kind) !== undefined) return true;
    console.error(`${kind} is not installed: left out`);
    return false;
  });
}
