import type { FieldNode, ValueNode } from "../proto/text/tree.js";

/** A field written on one line, without its comments: `filler { type: "constant" value: 1 }`. */
export function fieldOnOneLine({ name, value }: FieldNode, as = name): string {
  if (!value) return as;
  return `${as}${value.kind === "message" ? "" : ":"} ${valueOnOneLine(value)}`;
}

function valueOnOneLine(value: ValueNode): string {
  switch (value.kind) {
    case "scalar":
      return [`${value.negative ? "-" : ""}${value.text}`, ...value.more].join(" ");
    case "list":
      return `[${value.values.map(valueOnOneLine).join(", ")}]`;
    case "message":
      return value.fields.length === 0 ? "{ }" : `{ ${value.fields.map((field) => fieldOnOneLine(field)).join(" ")} }`;
  }
}
