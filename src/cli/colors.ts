import picocolors from "picocolors";

/**
 * What colors a text that goes to `stream`: only a terminal's, and as the user wants it. `NO_COLOR` switches colors off,
 * `FORCE_COLOR` on (https://no-color.org, https://force-color.org). Asked when something is printed: a program that
 * runs `main` may have changed either.
 */
export function colorsFor(stream: { readonly isTTY?: boolean }): ReturnType<typeof picocolors.createColors> {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  return picocolors.createColors(!NO_COLOR && (Boolean(FORCE_COLOR) || (stream.isTTY === true && TERM !== "dumb")));
}
