import { afterEach, describe, expect, test } from "vitest";
import { blas, skippedWithoutBlas } from "../../../../test/blas.js";
import { MokaError } from "../../../util/errors.js";
import { findBlas as findInPage } from "./find-browser.js";
import { findBlas, tryBlas } from "./find-node.js";
import type { Koffi } from "./sgemm.js";

const before = process.env["MOKA_BLAS"];

afterEach(() => {
  if (before === undefined) delete process.env["MOKA_BLAS"];
  else process.env["MOKA_BLAS"] = before;
});

/** A library of these functions. */
function library(functions: Readonly<Record<string, (...args: unknown[]) => unknown>>): Koffi {
  return {
    load: () => ({
      func(declaration) {
        const name = /\b(\w+)\(/.exec(declaration)?.[1] ?? "";
        const found = functions[name];
        if (!found) throw new Error(`Cannot find function '${name}' in shared library`);
        return found;
      },
    }),
    address: () => 0n,
  };
}

test("a library that is not there, or is no BLAS, is an error that names it", () => {
  for (const name of ["/nowhere/libblas.so", process.execPath]) {
    process.env["MOKA_BLAS"] = name;
    const find = () => findBlas();
    expect(find).toThrow(MokaError);
    expect(find).toThrow(`MOKA_BLAS names no native BLAS that works (tried ${name}: `);
  }
});

test("a library must multiply as it should", () => {
  expect(() => tryBlas(library({}), "lib.so")).toThrow("Cannot find function 'cblas_sgemm'");
  const lazy = library({ cblas_sgemm: () => {} });
  expect(() => tryBlas(lazy, "lib.so")).toThrow("it does not multiply as it should");
});

test("there is none in a page", () => {
  expect(() => findInPage()).toThrow("there is no native BLAS in a page");
});

describe.runIf(blas)(`a library that is there (${skippedWithoutBlas})`, () => {
  test("has a name, and can be asked for", () => {
    expect(blas?.name).toMatch(/^(OpenBLAS|BLIS) \d|^MKL$|^Accelerate$/);
    process.env["MOKA_BLAS"] = blas?.library;
    expect(findBlas()).toEqual(blas);
  });

  test("leaves the environment as it was", () => {
    const variables = { ...process.env };
    findBlas();
    expect({ ...process.env }).toEqual(variables);
  });
});
