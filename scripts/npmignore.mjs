// Writes dist/.npmignore, which keeps out of the package what no entry point of package.json leads to: nobody can import it. These
// are the declarations of inner modules, and modules that only the command line uses, which has them in its bundle.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const { exports, imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const entries = JSON.stringify([exports, imports]).match(/(?<=")\.\/dist\/[^"]+/g) ?? [];
const bundles = readdirSync(join(dist, "bin")).map((file) => join(dist, "bin", file));

const needed = new Set([...entries.map((entry) => join(root, entry)), ...bundles]);
for (const file of needed) {
  if (!/\.[jt]s$/.test(file)) continue;
  // Every text that looks like the path of a module counts: an import, a type's import(), a worker's URL.
  for (const [, path] of readFileSync(file, "utf8").matchAll(/["'`](\.{1,2}\/[^"'`\s]+)["'`]/g)) {
    const target = join(dirname(file), path);
    const wanted = file.endsWith(".d.ts") ? target.replace(/\.js$/, ".d.ts") : target;
    if (existsSync(wanted)) needed.add(wanted);
  }
}

const lines = readdirSync(dist, { recursive: true })
  .filter((file) => /\.[jt]s$/.test(file) && !needed.has(join(dist, file)))
  .map((file) => `/${file.replaceAll("\\", "/")}`);
writeFileSync(join(dist, ".npmignore"), `${lines.sort().join("\n")}\n`);
