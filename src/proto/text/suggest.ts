import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { closest, hintAt } from "../../util/closest.js";
import { isForkField } from "../fork-fields.js";

/**
 * A hint for a field that `schema` does not have: the fields whose message has it, or the name that was
 * probably meant. Only what BVLC's Caffe has is suggested. Empty if neither is found.
 */
export function hintFor(name: string, schema: DescMessage, fields: ReadonlyMap<string, DescField>): string {
  if (name.length > 40) return "";
  const owners = schema.fields.filter((owner) => {
    return !isForkField(owner) && owner.message?.fields.some((field) => field.name === name && !isForkField(field));
  });
  if (owners.length > 0 && owners.length <= 3)
    return `; it is a field of ${owners.map((field) => field.name).join(", ")}`;
  const own = [...fields.values()].filter((field) => !isForkField(field));
  return hintAt(
    closest(
      name,
      own.map((field) => field.name),
    ),
  );
}
