// Installs the dependencies, unless those of the lock file are already installed.
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

/** npm writes a list of what it installed to node_modules. It must have the versions of the lock file. */
function isInstalled() {
  const installed = `${root}node_modules/.package-lock.json`;
  if (!existsSync(installed)) return false;
  const packages = (path) => JSON.parse(readFileSync(path, "utf8")).packages;
  const has = packages(installed);
  return Object.entries(packages(`${root}package-lock.json`)).every(
    ([path, { version, optional }]) => path === "" || optional || has[path]?.version === version,
  );
}
