import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { closest } from "../../util/closest.js";

/**
 * What to say to somebody who wrote a field that `schema` does not have: whose field it is, or which name was
 * probably meant; empty if nothing comes to mind, as for most fields of Caffe's forks.
 */
export function hintFor(name: string, schema: DescMessage, fields: ReadonlyMap<string, DescField>): string {
  if (name.length > 40) return "";
  const owners = schema.fields.filter(({ message }) => message?.fields.some((field) => field.name === name));
  if (owners.length > 0 && owners.length <= 3)
    return `; it is a field of ${owners.map((field) => field.name).join(", ")}`;
  const close = closest(name, fields.keys());
  return close === undefined ? "" : `; did you mean ${close}?`;
}
