/** What Moka says about the texts: findings of lint as one types, and shapes and costs of the net in the chosen phase. */
import { computed, effect, signal } from "@preact/signals";
import type { FoundProblem, NetSummary } from "moka-caffe";
import { language } from "../settings.js";
import { latest } from "./latest.js";
import { sayError } from "./messages.js";
import { answers, isReady } from "./moka.js";
import { activeFile, dataFiles, isSolverText, mokaFiles, netFile, solverFile, textFiles } from "./project.js";

export type Phase = "TRAIN" | "TEST";

export interface Checked {
  readonly file: string;
  /** The text that the places of the findings are in. */
  readonly text: string;
  readonly findings: readonly FoundProblem[];
}

export const phase = signal<Phase>("TRAIN");
/** Stages of the net's state, as `deploy`. */
export const stages = signal<readonly string[]>([]);
/** Shapes that were given for inputs and for data that are not here, by blob. */
export const givenShapes = signal<Readonly<Record<string, readonly number[]>>>({});

/** What lint last found in the text that the editor shows; in its own words, which the views translate by `shownFindings`. */
export const checked = signal<Checked | undefined>(undefined);
/** The same of the net, which may be another text. */
export const checkedNet = signal<Checked | undefined>(undefined);
export const summary = signal<{ readonly text: string; readonly net: NetSummary } | undefined>(undefined);
/** Why there are no shapes, if there are none. */
export const summaryError = signal<string | undefined>(undefined);

/** Whether the page asks Moka already: not before its first view is drawn. */
export const isStarted = signal(false);

const lintActive = latest(async (name: string, text: string) => lintOf(name, text));
const lintNet = latest(async (name: string, text: string) => lintOf(name, text));
const summarized = latest(async (text: string, phase: Phase, stages: readonly string[]) => {
  const options = { phase, stages, files: mokaFiles(), shapes: givenShapes.value };
  return answers().summarize(text, { ...options, peaks: false });
});

/** How a text of the page is linted: a net with the solver that trains it. */
export function lintOptions(name: string, text: string) {
  const solver = solverFile.value;
  const ofNet = solver && solver.name !== name && !isSolverText(text) ? solver.text.value : undefined;
  return { file: name, files: mokaFiles(), ...(ofNet === undefined ? {} : { solver: ofNet }) };
}

async function lintOf(name: string, text: string): Promise<Checked> {
  const { findings } = await answers().lint(text.includes("\n") ? text : `${text}\n`, lintOptions(name, text));
  isReady.value = true;
  return { file: name, text, findings: await inLanguage(findings) };
}

effect(() => {
  const file = activeFile.value;
  if (!isStarted.value || !file) return;
  void language.value;
  void solverFile.value?.text.value;
  lintActive(file.name, file.text.value).then((found) => {
    if (found) checked.value = found;
  }, sayError);
});

effect(() => {
  const file = netFile.value;
  void dataFiles.value;
  void textFiles.value;
  if (!isStarted.value || !file) return;
  void language.value;
  const text = file.text.value;
  summarized(text, phase.value, stages.value).then(
    (net) => {
      if (!net) return;
      summary.value = { text, net };
      summaryError.value = undefined;
    },
    (error: unknown) => {
      summaryError.value = error instanceof Error ? error.message : String(error);
    },
  );
  if (file === activeFile.value) return;
  lintNet(file.name, text).then((found) => {
    if (found) checkedNet.value = found;
  }, sayError);
});

/** The findings in the language of the page. */
async function inLanguage(findings: readonly FoundProblem[]): Promise<readonly FoundProblem[]> {
  const { value: to } = language;
  if (to === "en") return findings;
  return Promise.all(
    findings.map(async (finding) => {
      // A repair's functions stay here.
      const { rule, message, why } = finding;
      return { ...finding, ...(await answers().translateFinding({ rule, message, why }, to)) };
    }),
  );
}

/** The findings of the net, from whichever text shows it. */
export const netFindings = computed(() => {
  const name = netFile.value?.name;
  return [checked.value, checkedNet.value].find((each) => each?.file === name)?.findings ?? [];
});
