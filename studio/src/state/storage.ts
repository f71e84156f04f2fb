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
  } catch {
    // It was not kept.
  }
}
