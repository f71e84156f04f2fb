/** Copies places and comments from an old form of a message to its new form. */
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
 * Gives the values of `newField` of `to` the places of `oldField` of `from`: all values, or the index-th only, if there
 * is one. If `to` has no place of its own, it gets the place of the first of them.
 */
export function movePlace(from: Message, oldField: string, to: Message, newField: string, index?: number): void {
  const source = sourceOf(from);
  const all = source?.fields?.get(oldField) ?? [];
  const places = index === undefined ? all : all.slice(index, index + 1);
  if (!source || (index !== undefined && places.length === 0)) return;
  const own = sourceOf(to);
  setSource(to, {
    place: own?.place ?? places[0] ?? source.place,
    file: source.file,
    fields: new Map([...(own?.fields ?? []), [newField, places]]),
  });
}

/** Moves the comments of the fields for which `hasMoved` is true to the end of `message`, which has no such fields. */
export function moveCommentsToEnd(message: Message, hasMoved: (field: string) => boolean): void {
  const comments = commentsOf(message);
  if (!comments) return;
  const moved = [...comments.values].flatMap(([field, values]) => (hasMoved(field) ? values.flatMap(linesOf) : []));
  if (moved.length > 0) addDangling(message, comments, moved);
}

/** The comments of the values of `fields` of `message`, none of which is a message. */
export function commentsOfFields(message: Message, fields: readonly string[]): string[] {
  const values = commentsOf(message)?.values;
  return values ? fields.flatMap((field) => (values.get(field) ?? []).flatMap(linesOf)) : [];
}

/** Moves the comments and unknown fields of `inner`, whose fields became fields of `outer`, to the end of `outer`. */
export function mergeSideData(inner: Message, outer: Message): void {
  // `outer` does not have the field "layer", so the printer puts them at its end.
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
