// Other libraries run in processes of their own, so that their threads do not meet Moka's. A peer reads the description
// of a net from the file named on its command line, prints a line when it is ready, then runs once for each line it gets
// and answers with the milliseconds that took.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** Starts a peer; nothing if it is not installed, or cannot run this net. */
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

/** What a peer written in JavaScript does: `prepare` gets the description and returns the function to be timed. */
export async function serve(version, prepare) {
  const once = await prepare(JSON.parse(readFileSync(process.argv[2], "utf8")), Number(process.argv[3]));
  console.log(version);
  for await (const _ of createInterface({ input: process.stdin })) {
    const start = performance.now();
    await once();
    console.log(performance.now() - start);
  }
}

/** Noise, the same kind as Moka's nets get. */
export function noise(count, scale = 1) {
  return Float32Array.from({ length: count }, () => scale * (2 * Math.random() - 1));
}
