/// <reference lib="esnext.disposable" preserve="true" />

/** `Symbol.asyncDispose`; where the platform has none, the symbol that compilers put in its place. */
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** What holds memory, threads or files until it is disposed of. */
export abstract class ResourceOwner {
  abstract dispose(): Promise<void>;

  /**
   * Disposes of it at the end of the block that declares it.
   *
   * @example
   * ```ts
   * await using net = await Net.load("examples/article/deploy.prototxt");
   * await net.forward();
   * ```
   */
  [asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
