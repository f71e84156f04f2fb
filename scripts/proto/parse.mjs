/**
 * The messages and enums of a fork's proto, and what its first comments say of the fork. It reads the subset of proto2 that the
 * files in src/proto/dialects are written in: one field or value a line.
 */
export function parseProto(text) {
  const head = (name) => text.match(new RegExp(`^// ${name}: (.*)$`, "m"))?.[1] ?? "";
  const found = {
    about: text.match(/^\/\/ (.*)$/m)?.[1] ?? "",
    source: head("Source"),
    types: head("Layer types").split(" ").filter(Boolean),
    imports: [...text.matchAll(/^import "(.*)\.proto";$/gm)].map(([, id]) => id),
    /** Fields by the name of their message. */
    messages: new Map(),
    /** Values by the name of their enum, with that of the message it is in: `BNParameter.BNMode`. */
    enums: new Map(),
  };
  const path = [];
  text.split("\n").forEach((line, index) => {
    const code = line.replace(/\/\/.*/, "").trim();
    const opened = code.match(/^(message|enum) (\w+) \{$/);
    const field = code.match(/^(optional|required|repeated) ([\w.]+) (\w+) = (\d+)(?: \[(.*)\])?;$/);
    const value = code.match(/^(\w+) = (-?\d+);$/);
    const inner = path.at(-1);
    if (opened) {
      const name = [...path.map((each) => each.name), opened[2]].join(".");
      path.push({ name: opened[2], kind: opened[1], full: name });
      found[opened[1] === "enum" ? "enums" : "messages"].set(name, []);
    } else if (code === "}") path.pop();
    else if (field && inner?.kind === "message") {
      const [, label, type, name, number, options = ""] = field;
      found.messages.get(inner.full).push({ label, type, name, number: Number(number), options });
    } else if (value && inner?.kind === "enum") {
      found.enums.get(inner.full).push({ name: value[1], number: Number(value[2]) });
    } else if (code && !/^(syntax|package|import|option)\b/.test(code)) {
      throw new Error(`line ${index + 1}: cannot read ${code}`);
    }
  });
  return found;
}
