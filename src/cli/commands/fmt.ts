import { oneLine } from "../../util/escape.js";
import { type Command, command, flag, operand } from "../command.js";
import { print, printContent, printError } from "../print.js";

/** `moka fmt`: gives prototxts an even layout. */
export const fmt: Command = command(
  {
    files: operand("<files...>", "prototxts, which are changed in place; - is stdin, and goes to stdout"),
    check: flag("--check", "write nothing, and exit with 1 if a file is laid out otherwise"),
    diff: flag("--diff", "print the changes, and write nothing"),
  },
  async ({ files, check, diff }) => {
    const { createFiles } = await import("#platform");
    const { formatPrototxt } = await import("../../language/index.js");
    const { decodeText, encodeText } = await import("../../util/encoding.js");
    const { unifiedDiff } = await import("../../util/diff.js");
    const { readStdin } = await import("../lint-files.js");
    const own = createFiles();
    let [refused, others] = [0, 0];
    for (const file of files) {
      const isStdin = file === "-";
      const { text: before, encoding } = isStdin ? await readStdin() : decodeText(await own.read(file));
      const { text, refused: reason } = formatPrototxt(before);
      if (reason !== undefined) {
        refused++;
        printError(`${oneLine(`${isStdin ? "<stdin>" : file}:${reason}`)}; it is left as it is\n`);
      }
      if (text !== before) others++;
      if (diff) printContent(unifiedDiff(before, text, { before: file, after: file }));
      else if (check && text !== before) print(`${oneLine(file)}\n`);
      else if (!check && isStdin) printContent(encodeText(text, encoding));
      else if (!check && text !== before) await own.write(file, encodeText(text, encoding));
    }
    return refused > 0 || (check && others > 0) ? 1 : 0;
  },
  {
    help:
      "Two blanks a level, one field a line, one blank after a colon, at most one empty line. What was on one line stays so, comments stay" +
      "\nwhere they are, and values as they were written. A text with a brace or quote that is not closed is left as it is: exit code 1.",
  },
);
