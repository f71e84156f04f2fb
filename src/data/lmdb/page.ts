import { MokaError } from "../../util/errors.js";
import { nodeFlag, nodeHeader, pageFlag, pageHeader } from "./format.js";

/** An error about a damaged database `name`. */
export function damaged(name: string, reason: string): MokaError {
  return new MokaError("MOKA_DATA", `${name}: ${reason}`);
}

/** A branch or leaf page. Every offset in it is checked before it is used. */
export class Page {
  readonly isLeaf: boolean;
  /** Number of nodes, at least one. */
  readonly count: number;
  readonly #name: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, number: number, name: string) {
    this.#name = `${name}: page ${number}`;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const flags = this.#view.getUint16(10, true);
    const lower = this.#view.getUint16(12, true);
    const upper = this.#view.getUint16(14, true);
    this.isLeaf = (flags & pageFlag.leaf) !== 0;
    this.count = (lower - pageHeader) / 2;

    if (this.#view.getBigUint64(0, true) !== BigInt(number)) throw this.#damaged("has a wrong page number");
    if ((flags & pageFlag.leaf2) !== 0 || this.isLeaf === ((flags & pageFlag.branch) !== 0)) {
      throw this.#damaged(`is neither branch nor leaf, its flags are 0x${flags.toString(16)}`);
    }
    if (!(Number.isInteger(this.count) && this.count > 0 && lower <= upper && upper <= bytes.length)) {
      throw this.#damaged(`has its nodes between ${lower} and ${upper} of ${bytes.length}`);
    }
  }

  /** The page number of a child of a branch page. */
  child(index: number): number {
    const node = this.#node(index);
    return this.#view.getUint32(node, true) + this.#view.getUint16(node + 4, true) * 2 ** 32;
  }

  key(index: number): Uint8Array {
    const node = this.#node(index);
    return this.#bytes.subarray(node + nodeHeader, this.#endOfKey(node));
  }

  /** The value of a node of a leaf page; for a value on overflow pages, its first page and its length in bytes. */
  value(index: number): Uint8Array | { readonly page: number; readonly length: number } {
    const node = this.#node(index);
    const start = this.#endOfKey(node);
    const length = this.#view.getUint32(node, true);
    const flags = this.#view.getUint16(node + 4, true);
    if ((flags & (nodeFlag.subData | nodeFlag.dupData)) !== 0) {
      const what = flags & nodeFlag.subData ? "a named sub-database" : "a key with several values";
      throw new MokaError("MOKA_UNSUPPORTED", `${this.#name} holds ${what}, which data sets of Caffe do not have`);
    }
    if ((flags & nodeFlag.bigData) !== 0) {
      if (start + 8 > this.#bytes.length) throw this.#damaged(`node ${index} goes beyond its end`);
      return { page: Number(this.#view.getBigUint64(start, true)), length };
    }
    if (start + length > this.#bytes.length) throw this.#damaged(`node ${index} goes beyond its end`);
    return this.#bytes.subarray(start, start + length);
  }

  #node(index: number): number {
    const node = this.#view.getUint16(pageHeader + 2 * index, true);
    if (node < pageHeader + 2 * this.count || node + nodeHeader > this.#bytes.length) {
      throw this.#damaged(`has node ${index} at byte ${node}, outside of it`);
    }
    return node;
  }

  #endOfKey(node: number): number {
    const end = node + nodeHeader + this.#view.getUint16(node + 6, true);
    if (end > this.#bytes.length) throw this.#damaged("a key goes beyond its end");
    return end;
  }

  #damaged(reason: string): MokaError {
    return new MokaError("MOKA_DATA", `${this.#name} is damaged: it ${reason}`);
  }
}
