import picocolors from "picocolors";

type Color = "bold" | "dim" | "underline" | "red" | "green" | "yellow" | "cyan";

/** Marks the escape sequences of `colorsFor`. It is random for each process, so that no text of a file contains it. */
const mark = `\u001b[${1e9 + Math.floor(Math.random() * 1e9)};`;

/**
 * The functions that color a text for `stream`. A stream that is no terminal gets no colors. `NO_COLOR` switches colors
 * off, `FORCE_COLOR` on, and off if it is 0 or false, as Node reads it (https://no-color.org, https://force-color.org). Both are read at each call, because a program
 * that runs `main` may have changed them. The colored text has to be written by `print`.
 */
export function colorsFor(stream: { readonly isTTY?: boolean }): Readonly<Record<Color, (text: string) => string>> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  const isForced = FORCE_COLOR ? !/^(0|false)$/.test(FORCE_COLOR) : undefined;
  const isOn = !NO_COLOR && (isForced ?? (stream.isTTY === true && TERM !== "dumb"));
  const colors = picocolors.createColors(isOn);
  const marked = (color: Color) => {
    const [start = "", end = ""] = colors[color]("|").replaceAll("\u001b[", mark).split("|");
    return (text: string) => start + text + end;
  };
  const [bold, dim, underline] = [marked("bold"), marked("dim"), marked("underline")];
  return {
    bold,
    dim,
    underline,
    red: marked("red"),
    green: marked("green"),
    yellow: marked("yellow"),
    cyan: marked("cyan"),
  };
}

/** Rewrites the parts of a text between the escape sequences of `colorsFor`, and removes the mark from these. */
export function betweenColors(text: string, rewrite: (part: string) => string): string {
  const [first = "", ...colored] = text.split(mark);
  const rest = colored.map((part) => {
    const end = part.indexOf("m") + 1;
    return `\u001b[${part.slice(0, end)}${rewrite(part.slice(end))}`;
  });
  return [rewrite(first), ...rest].join("");
}
