// Brings a fresh clone to where it can build: installs the dependencies, unless they are already those of the lock file.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (command, args) =>
  execFileSync(command, args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });

if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(`Moka needs Node 20 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}
if (!isInstalled()) run("npm", ["ci"]);

/** npm leaves a copy of what it installed in node_modules; it must be what the lock file says now. */
function isInstalled() {
  const installed = `${root}node_modules/.package-lock.json`;
  if (!existsSync(installed)) return false;
  const packages = (path) => JSON.parse(readFileSync(path, "utf8")).packages;
  const has = packages(installed);
  return Object.entries(packages(`${root}package-lock.json`)).every(
    ([path, { version, optional }]) => path === "" || optional || has[path]?.version === version,
  );
}
