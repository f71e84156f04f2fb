// npm leaves a platform's package out of the lock file without a word where the registry lacks that version yet; `npm ci`
// then refuses the lock file on another machine. So each version is one that is whole on every platform.
import { readFileSync } from "node:fs";
import { test } from "vitest";
import { expectNone } from "./tree.js";

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
  /** Whether it is a workspace, which lies in the repository. */
  readonly link?: boolean;
}

const { packages } = JSON.parse(readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8")) as {
  packages: Readonly<Record<string, Locked>>;
};

test("the lock file has the packages of every platform", () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
    ),
  );
  expectNone(missing.map((name) => `package-lock.json lacks ${name}, the package of another platform`));
});

test("the lock file names no registry", () => {
  const resolved = Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && !link);
  expectNone(
    resolved.map(([path, entry]) => `package-lock.json says where ${path} was loaded from: ${entry.resolved}`),
  );
});
