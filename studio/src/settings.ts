/** The reader's choices: language and theme. They are kept from visit to visit. */
import { effect, signal } from "@preact/signals";
import { recall, remember } from "./state/storage.js";

export type Language = "en" | "zh";
export type Theme = "light" | "dark";

const isChinese = /^zh\b/i.test(navigator.language);
const isDark = matchMedia("(prefers-color-scheme: dark)").matches;

export const language = signal<Language>(recall("language", isLanguage) ?? (isChinese ? "zh" : "en"));
export const theme = signal<Theme>(recall("theme", isTheme) ?? (isDark ? "dark" : "light"));

function isLanguage(value: unknown): value is Language {
  return value === "en" || value === "zh";
}

function isTheme(value: unknown): value is Theme {
  return value === "light" || value === "dark";
}

effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-Hans" : "en";
});
effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});

export function choose(choice: { readonly language?: Language; readonly theme?: Theme }): void {
  language.value = choice.language ?? language.value;
  theme.value = choice.theme ?? theme.value;
  remember("language", language.value);
  remember("theme", theme.value);
}

/** The texts of one part of the page. */
type Texts = Readonly<Record<string, string | ((...values: never[]) => string)>>;

/** The same texts in another language: the same names, and functions of the same values. */
type Translated<T extends Texts> = {
  readonly [Name in keyof T]: T[Name] extends (...values: infer V) => string ? (...values: V) => string : string;
};

/**
 * The texts of a part of the page in both languages. Called while a component is drawn, the result is in the language of the page, and the
 * component is drawn again when the language changes.
 */
export function texts<T extends Texts>(en: T, zh: Translated<T>): () => T | Translated<T> {
  return () => (language.value === "zh" ? zh : en);
}
