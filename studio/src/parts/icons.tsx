/** The page's few pictures, drawn as lines in the color of the text. */
const paths = {
  play: "M6 4l9 6-9 6z",
  pause: "M6 4v12M13 4v12",
  step: "M5 4l7 6-7 6zM15 4v12",
  reset: "M4 10a6 6 0 1 0 2-4.5M6 2v4h4",
  share:
    "M7 10l6-4M7 10l6 4M5 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM15 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM15 17a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  light:
    "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 2v2M10 16v2M2 10h2M16 10h2M4.5 4.5l1.4 1.4M14.1 14.1l1.4 1.4M4.5 15.5l1.4-1.4M14.1 5.9l1.4-1.4",
  dark: "M16 11.5A6.5 6.5 0 0 1 8.5 4 6.5 6.5 0 1 0 16 11.5z",
  close: "M5 5l10 10M15 5L5 15",
  download: "M10 3v9M6 9l4 4 4-4M4 16h12",
  search: "M9 14A5 5 0 1 0 9 4a5 5 0 0 0 0 10zM13 13l4 4",
  plus: "M10 4v12M4 10h12",
  minus: "M4 10h12",
  fit: "M4 8V4h4M16 8V4h-4M4 12v4h4M16 12v4h-4",
  next: "M7 4l6 6-6 6",
  back: "M13 4l-6 6 6 6",
  error: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM7.5 7.5l5 5M12.5 7.5l-5 5",
  warning: "M10 3l7.5 13.5h-15zM10 8v4M10 14.2v.1",
  info: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 9v4.5M10 6.5v.1",
  down: "M4 7l6 6 6-6",
  up: "M4 13l6-6 6 6",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
