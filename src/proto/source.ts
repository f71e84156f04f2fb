import type { Message } from "@bufbuild/protobuf";
import type { Place } from "../util/errors.js";

/** Where a message came from. */
export interface Source {
  /** The first character of the field (or file) that holds the message. */
  readonly place: Place;
  /** The file it was read from, if it has a name. */
  readonly file?: string | undefined;
}

const sources = new WeakMap<Message, Source>();

/** Where `message` was read from; nothing for one made by a program. */
export function sourceOf(message: Message): Source | undefined {
  return sources.get(message);
}

/** Remembers where `message` came from; copies and upgrades take their original's source along. */
export function setSource(message: Message, source: Source | undefined): void {
  if (source) sources.set(message, source);
}
