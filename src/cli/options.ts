import { type Command as Commander, InvalidArgumentError, Option } from "commander";
import type { Shape } from "../util/shape.js";

/** A flag's value that must be an integer of at least `least`. */
export function integer(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`);
    }
    return value;
  };
}

/** Values separated by commas; none for an empty text, as Caffe reads `-stage ""`. */
export function list(text: string): string[] {
  return text === "" ? [] : text.split(",");
}

/** Takes one more `--shape data=1,3,224,224`, or `data=1x3x224x224`. */
export function addShape(text: string, before: Record<string, Shape>): Record<string, Shape> {
  const [, name, sizes] = /^([^=]+)=(\d+(?:[,x]\d+)*)$/.exec(text) ?? [];
  if (name === undefined || sizes === undefined) {
    throw new InvalidArgumentError("Give a blob's name and its sizes, as data=1,3,224,224.");
  }
  return { ...before, [name]: sizes.split(/[,x]/).map(Number) };
}

/** What all commands that run a net take. */
export function addRunOptions(command: Commander): void {
  command
    .addOption(
      new Option("--engine <name>", "what computes").choices(["auto", "blas", "wasm", "reference"]).default("auto"),
    )
    .option("--threads <n>", "threads to use; default: one a core", integer(1))
    .option("--gpu <ids>", "as in Caffe; there is no GPU engine, so the CPU is used");
}

/** Caffe's flags that choose among a net's layers. */
export function addStateOptions(command: Commander): void {
  command
    .option("--level <n>", "level of the net, for include and exclude rules", integer(-(2 ** 31)), 0)
    .option("--stage <names>", "stages of the net, separated by commas", list, []);
}

/** What `addRunOptions` and `addStateOptions` leave in a command's options. */
export interface CommonOptions {
  readonly engine: "auto" | "blas" | "wasm" | "reference";
  readonly threads?: number;
  readonly gpu?: string;
  readonly level: number;
  readonly stage: string[];
}
