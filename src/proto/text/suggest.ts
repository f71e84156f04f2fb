import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { closest, hintAt } from "../../util/closest.js";

/**
 * A hint for a field that `schema` does not have: the fields whose message has it, or the name that was
 * probably meant. Empty if neither is found, as for most fields of Caffe's forks.
 */
export function hintFor(name: string, schema: DescMessage, fields: ReadonlyMap<string, DescField>): string {
  if (name.length > 40) return "";
  const owners = schema.fields.filter(({ message }) => message?.fields.some((field) => field.name === name));
  if (owners.length > 0 && owners.length <= 3)
    return `; it is a field of ${owners.map((field) => field.name).join(", ")}`;
  return hintAt(closest(name, fields.keys()));
}
