import picocolors from "picocolors";

/**
 * The functions that color a text for `stream`. A stream that is no terminal gets no colors. `NO_COLOR` switches colors
 * off, `FORCE_COLOR` on (https://no-color.org, https://force-color.org). Both are read at each call, because a program
 * that runs `main` may have changed them.
 */
export function colorsFor(stream: { readonly isTTY?: boolean }): ReturnType<typeof picocolors.createColors> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  return picocolors.createColors(!NO_COLOR && (Boolean(FORCE_COLOR) || (stream.isTTY === true && TERM !== "dumb")));
}
