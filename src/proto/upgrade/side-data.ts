/** What an upgrade does so that places and comments outlive the form of a message. */
import type { Message } from "@bufbuild/protobuf";
import {
  type Comments,
  commentsOf,
  type MessageComments,
  setComments,
  setSource,
  setUnknownFields,
  sourceOf,
  unknownFieldsOf,
} from "../source.js";

/**
 * Lets `newField` of `to` be said to stand where `oldField` of `from` did: all its values, or the index-th alone.
 * A message of no place gets that one.
 */
export function movePlace(from: Message, oldField: string, to: Message, newField: string, index?: number): void {
  const source = sourceOf(from);
  if (!source) return;
  const all = source.fields?.get(oldField) ?? [];
  const places = index === undefined ? all : all.slice(index, index + 1);
  const own = sourceOf(to);
  setSource(to, {
    place: own?.place ?? places[0] ?? source.place,
    file: source.file,
    fields: new Map([...(own?.fields ?? []), [newField, places]]),
  });
}

/** Puts the comments of those fields of `message` that `hasMoved` names at its end: a field by that name is no more. */
export function keepComments(message: Message, hasMoved: (field: string) => boolean): void {
  const comments = commentsOf(message);
  if (!comments) return;
  const moved = [...comments.values].flatMap(([field, values]) => (hasMoved(field) ? values.flatMap(linesOf) : []));
  if (moved.length > 0) addDangling(message, comments, moved);
}

/** The comments of the values of some fields of `message`, none of them a message. */
export function commentsOfFields(message: Message, fields: readonly string[]): string[] {
  const values = commentsOf(message)?.values;
  return values ? fields.flatMap((field) => (values.get(field) ?? []).flatMap(linesOf)) : [];
}

/** Takes comments and unknown fields of `inner`, whose fields became fields of `outer`, over to the end of that. */
export function dissolve(inner: Message, outer: Message): void {
  // Behind a field that `outer` will not have: so at its end.
  const after = { field: "layer", index: 0 };
  const unknown = unknownFieldsOf(inner).map((field) => ({ ...field, after }));
  if (unknown.length > 0) setUnknownFields(outer, [...unknownFieldsOf(outer), ...unknown]);
  const comments = commentsOf(inner);
  const own = commentsOf(outer);
  if (!comments || !own) return;
  const { leading, trailing, opening, dangling, values } = comments;
  const inside = [...values.values()].flatMap((each) => each.flatMap(linesOf));
  const lines = [...linesOf({ leading, trailing: opening }), ...inside, ...dangling, ...(trailing ? [trailing] : [])];
  if (lines.length > 0) addDangling(outer, own, lines);
}

function linesOf({ leading, trailing }: Comments): string[] {
  return trailing === undefined ? [...leading] : [...leading, trailing];
}

function addDangling(message: Message, comments: MessageComments, lines: readonly string[]): void {
  const { leading, trailing, opening, dangling, values } = comments;
  setComments(message, { leading, trailing, opening, values, dangling: [...lines, ...dangling] });
}
