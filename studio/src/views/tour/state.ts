/** Where the reader is in the tour, what was predicted, and what came out. */
import { batch, effect, signal } from "@preact/signals";
import { example } from "../../example/index.js";
import { sayError } from "../../state/messages.js";
import { answers } from "../../state/moka.js";
import { netFindings } from "../../state/net.js";
import { active, closeText, openText, textFiles } from "../../state/project.js";
import { accuracy, loss, reset, train } from "../../state/run.js";
import { recall, remember } from "../../state/storage.js";
import { type Gap, gap, measureGap } from "../norm/state.js";
import { changesFor, right, rulesOf, type Step, steps } from "./steps.js";

/** 0: the tour has not begun. */
export const place = signal(recall("tour", isPlace) ?? 0);
export const prediction = signal<number | undefined>(undefined);
export const isRunning = signal(false);

/** What the experiment showed. */
export interface Outcome {
  readonly loss: number | undefined;
  readonly accuracy: number | undefined;
  readonly gap: Gap | undefined;
  /** The findings of lint, or the error with which the net was refused. */
  readonly said: readonly string[];
}

export const outcome = signal<Outcome | undefined>(undefined);

const names = { net: "tour.prototxt", solver: "tour_solver.prototxt" } as const;
/** The tab that the reader had open before the tour. */
let before: string | undefined;

function isPlace(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= steps.length;
}

effect(() => void remember("tour", place.value));

export function stepAt(index: number): Step | undefined {
  return steps[index - 1];
}

/** Goes to a step, and sets up its net; 0 ends the tour, and takes its files away. */
export async function go(to: number): Promise<void> {
  if (place.value === 0) before = active.value;
  batch(() => {
    place.value = to > steps.length ? 0 : to;
    prediction.value = undefined;
    outcome.value = undefined;
  });
  const step = stepAt(place.value);
  try {
    if (step) await setUp(step);
    else leave();
  } catch (error) {
    sayError(error);
  }
}

async function setUp(step: Step): Promise<void> {
  const solver = example.files["solver.prototxt"].replace(/^net: .*$/m, `net: "${names.net}"`);
  const net = await answers().changeFields(example.files["net.prototxt"], [...right, ...changesFor(step)]);
  // A faster reader is further on by now.
  if (stepAt(place.value) !== step) return;
  batch(() => {
    openText(names.solver, solver);
    openText(names.net, net);
  });
}

function leave(): void {
  for (const name of Object.values(names)) closeText(name);
  if (before !== undefined && textFiles.value.some(({ name }) => name === before)) active.value = before;
}

/** Takes the prediction, and runs the experiment. */
export async function predict(choice: number): Promise<void> {
  const step = stepAt(place.value);
  if (!step || isRunning.value) return;
  batch(() => {
    prediction.value = choice;
    outcome.value = undefined;
    isRunning.value = true;
  });
  try {
    await setUp(step);
    await reset();
    await train(step.run === "load" ? 1 : step.run.iterations);
    const measures = step.run !== "load" && step.run.gap === true;
    if (measures) await measureGap();
    if (stepAt(place.value) !== step) return;
    outcome.value = {
      loss: loss.value,
      accuracy: accuracy.value,
      gap: measures ? gap.value : undefined,
      said: netFindings.value
        .filter(({ rule }) => rulesOf(step).includes(rule))
        .slice(0, 1)
        .map(({ message }) => message),
    };
  } catch (error) {
    sayError(error);
  } finally {
    isRunning.value = false;
  }
}
