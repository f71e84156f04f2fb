/** What the page keeps in the browser, from visit to visit. A browser may refuse: then the page works without. */
const prefix = "moka-studio.";

/** What was stored under a name, if it is of the right kind. */
export function recall<T>(name: string, is: (value: unknown) => value is T): T | undefined {
  try {
    const stored = localStorage.getItem(prefix + name);
    const value: unknown = stored === null ? undefined : JSON.parse(stored);
    return is(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Stores a value. Returns false if the browser refuses, because it has no room or keeps nothing. */
export function remember(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(prefix + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(prefix + name);
    sessionStorage.removeItem(prefix + name);
  } catch {
    // It was not kept.
  }
}

/**
 * What was stored by `rememberHere` in this window; else what any window stored last. A window's own lives as long as the window, and no
 * other one replaces it.
 */
export function recallHere<T>(name: string, is: (value: unknown) => value is T): T | undefined {
  try {
    const stored = sessionStorage.getItem(prefix + name);
    const value: unknown = stored === null ? undefined : JSON.parse(stored);
    if (is(value)) return value;
  } catch {
    // The browser keeps nothing for windows.
  }
  return recall(name, is);
}

/** Stores a value for this window, and for later visits. Returns false if it is kept for neither. */
export function rememberHere(name: string, value: unknown): boolean {
  let isKept = false;
  try {
    sessionStorage.setItem(prefix + name, JSON.stringify(value));
    isKept = true;
  } catch {
    // There is no room, or the browser keeps nothing for windows.
  }
  return remember(name, value) || isKept;
}

/** Has `changed` called when another window has stored a value under a name. */
export function whenStoredElsewhere(name: string, changed: () => void): void {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === prefix + name && newValue !== null) changed();
  });
}
