// Other libraries run in processes of their own, so that their threads do not compete with Moka's. A peer reads the
// description of a net from the file named on its command line and prints its version when it is ready. For each line
// on its input it runs the net once and prints the time in milliseconds.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** Starts a peer; undefined if it is not installed, or cannot run this net. */
export async function startPeer(label, command, args) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", process.env.PEER_ERRORS ? "inherit" : "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  const first = await lines.next();
  if (first.done) return undefined;
  return {
    label: `${label} ${first.value}`,
    async once() {
      child.stdin.write("go\n");
      const { value, done } = await lines.next();
      if (done) throw new Error(`${label} ended`);
      return Number(value);
    },
    close: async () => child.stdin.end(),
  };
}

/** Runs a peer written in JavaScript: `prepare` gets the description and returns the function to time. */
export async function serve(version, prepare) {
  const once = await prepare(JSON.parse(readFileSync(process.argv[2], "utf8")), Number(process.argv[3]));
  console.log(version);
  for await (const _ of createInterface({ input: process.stdin })) {
    const start = performance.now();
    await once();
    console.log(performance.now() - start);
  }
}

/** Uniform noise between −scale and scale, as the inputs of Moka's nets. */
export function noise(count, scale = 1) {
  return Float32Array.from({ length: count }, () => scale * (2 * Math.random() - 1));
}
