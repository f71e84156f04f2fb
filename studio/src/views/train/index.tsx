/** The view of the training: start and stop, figures, curves, settings, data, files. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Icon } from "../../parts/icons.js";
import { number } from "../../parts/number.js";
import { save } from "../../parts/save.js";
import { Section } from "../../parts/section.js";
import { say, sayError } from "../../state/messages.js";
import { dataFiles } from "../../state/project.js";
import { whenReceived } from "../../state/receive.js";
import {
  accuracy,
  curves,
  goOn,
  isStale,
  iteration,
  loss,
  lr,
  maxIter,
  pastRuns,
  pause,
  reset,
  resume,
  runFiles,
  runState,
  snapshot,
  solver,
  speed,
  startFrom,
  train,
} from "../../state/run.js";
import { Chart, type Line } from "./chart.js";
import { smoothed, toCsv } from "./curve.js";
import { databases, pointTo, takeDatabases, takeFolders, takeHdf5, takeIdx } from "./data.js";
import { SolverForm } from "./form.js";
import { t } from "./strings.js";
import "uplot/dist/uPlot.min.css";
import "./train.css";

const isLog = signal(true);
const smoothing = signal(0.8);

export function Train() {
  useEffect(() => {
    const ends = [
      whenReceived("idx", takeIdx),
      whenReceived("lmdb", takeDatabases),
      whenReceived("hdf5", takeHdf5),
      whenReceived("folder", takeFolders),
      whenReceived("solverstate", async ([first]) => {
        if (!first) return;
        await resume(first.file.name);
        say("info", t().resumed(first.file.name, iteration.value));
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, []);
  return (
    <Section id="train" title={t().title} about={t().about} tools={<Buttons />}>
      <Figures />
      <Notes />
      <Curves />
      <SolverForm />
      <Data />
    </Section>
  );
}

function Buttons() {
  const isRunning = runState.value === "running" || runState.value === "loading";
  return (
    <>
      <button
        type="button"
        class="primary"
        data-testid="train-start"
        aria-disabled={isRunning}
        onClick={() => void start()}
      >
        <Icon name="play" />
        {iteration.value > 0 && !isStale.value ? t().goOn : t().start}
      </button>
      {/* Never disabled: a training may end by itself while someone reaches for it. */}
      <button type="button" data-testid="train-pause" onClick={() => void pause()}>
        <Icon name="pause" />
        {t().pause}
      </button>
      <button type="button" data-testid="train-step" aria-disabled={isRunning} onClick={() => void train(1)}>
        <Icon name="step" />
        {t().step}
      </button>
      <button type="button" data-testid="train-reset" onClick={() => void reset()}>
        <Icon name="reset" />
        {t().reset}
      </button>
    </>
  );
}

/** A button that does nothing now stays where the focus is. */
async function start(): Promise<void> {
  const isDone = solver.value !== undefined && !isStale.value && iteration.value >= maxIter.value;
  if (isDone) say("info", t().done(maxIter.value));
  else await train();
}

function Figures() {
  const left = speed.value === undefined ? undefined : Math.max(0, maxIter.value - iteration.value) / speed.value;
  return (
    <dl class="figures">
      <div>
        <dt>
          {t().iteration} <small>{t().of(maxIter.value)}</small>
        </dt>
        <dd data-testid="iteration">{iteration.value}</dd>
      </div>
      <div>
        <dt>{t().loss}</dt>
        <dd data-testid="loss">{number(loss.value)}</dd>
      </div>
      <div>
        <dt>{t().accuracy}</dt>
        <dd data-testid="accuracy">{accuracy.value === undefined ? "–" : `${(100 * accuracy.value).toFixed(1)} %`}</dd>
      </div>
      <div>
        <dt>{t().rate}</dt>
        <dd>{number(lr.value)}</dd>
      </div>
      <div>
        <dt>{t().speed}</dt>
        <dd data-testid="speed">{speed.value === undefined ? "–" : speed.value.toFixed(1)}</dd>
      </div>
      <div>
        <dt>{t().left}</dt>
        <dd>{left === undefined || runState.value !== "running" ? "–" : t().seconds(left)}</dd>
      </div>
    </dl>
  );
}

function Notes() {
  const { value: state } = runState;
  const isDone = solver.value !== undefined && state === "ready" && iteration.value >= maxIter.value;
  return (
    <div class="train-notes">
      <p role="status" class="muted">
        {state === "loading" ? t().loading : state === "failed" ? t().failed : state === "running" ? t().running : ""}
        {solver.value && ` ${solver.value.net.engine.description}`}
      </p>
      {!crossOriginIsolated && <p class="note warning">{t().noThreads}</p>}
      {isStale.value && (
        <p class="note">
          {t().stale}{" "}
          <button type="button" onClick={() => void goOn().catch(sayError)}>
            {t().keepWeights}
          </button>
        </p>
      )}
      {isDone && (
        <p class="row">
          <button type="button" onClick={() => void train(100)}>
            {t().more}
          </button>
        </p>
      )}
    </div>
  );
}

function Curves() {
  const { value: now } = curves;
  const past = pastRuns.value.filter(({ isShown }) => isShown);
  const lossLines: Line[] = [
    ...past.map(({ id, name, curves: { loss } }) => ({
      name,
      series: id + 1,
      points: smoothed(loss, smoothing.value),
    })),
    { name: t().now, series: 1, points: now.loss, isThin: true },
    { name: t().now, series: 1, points: smoothed(now.loss, smoothing.value) },
  ];
  const testLines: Line[] = [
    ...past.flatMap(({ id, name, curves: { tests } }) =>
      Object.entries(tests).map(([output, points]) => ({ name: `${output}, ${name}`, series: id + 1, points })),
    ),
    ...Object.entries(now.tests).map(([name, points], i) => ({ name, series: i + 1, points })),
  ];
  return (
    <>
      <div class="row">
        <label class="check">
          <input
            type="checkbox"
            checked={isLog.value}
            onChange={({ currentTarget }) => {
              isLog.value = currentTarget.checked;
            }}
          />
          {t().log}
        </label>
        <label class="check">
          {t().smoothing}
          <input
            type="range"
            min="0"
            max="0.98"
            step="0.02"
            value={smoothing.value}
            onInput={({ currentTarget: { valueAsNumber } }) => {
              smoothing.value = valueAsNumber;
            }}
          />
        </label>
        <button
          type="button"
          disabled={now.loss.length === 0}
          onClick={() =>
            save(
              "curves.csv",
              toCsv([{ name: "loss", points: now.loss }, { name: "lr", points: now.lr }, ...testLines]),
            )
          }
        >
          <Icon name="download" />
          {t().csv}
        </button>
      </div>
      <div class="plots">
        <Chart title={t().lossCurve} lines={lossLines} isLog={isLog.value} />
        <Chart title={t().testCurve} lines={testLines} />
        <Chart title={t().rateCurve} lines={[{ name: "lr", series: 2, points: now.lr }]} />
      </div>
      {pastRuns.value.length > 0 && <Runs />}
    </>
  );
}

function Runs() {
  return (
    <div class="runs">
      <h3>{t().runs}</h3>
      <ul>
        {pastRuns.value.map((run) => (
          <li key={run.id} class="row">
            <label class="check">
              <input
                type="checkbox"
                checked={run.isShown}
                aria-label={t().show(run.name)}
                onChange={({ currentTarget: { checked } }) => {
                  pastRuns.value = pastRuns.value.map((each) => (each === run ? { ...each, isShown: checked } : each));
                }}
              />
              <span style={{ color: `var(--series-${(run.id % 6) + 1})` }}>{run.name}</span>
            </label>
            <span class="muted">{number(run.curves.loss.at(-1)?.value)}</span>
            <button
              type="button"
              class="plain"
              aria-label={t().remove(run.name)}
              onClick={() => {
                pastRuns.value = pastRuns.value.filter((each) => each !== run);
              }}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Data() {
  const weights = dataFiles.value.filter(({ name }) => /\.caffemodel(?:\.h5)?$/.test(name));
  return (
    <details class="card">
      <summary>
        <strong>{t().data}</strong>
      </summary>
      <p class="muted">{t().dropData}</p>
      <div class="row">
        {(["TRAIN", "TEST"] as const).map((phase) => (
          <label key={phase} class="field">
            {phase === "TRAIN" ? t().trainData : t().testData}
            <select value="" onChange={({ currentTarget }) => void pointTo(phase, currentTarget.value).catch(sayError)}>
              <option value="" disabled>
                –
              </option>
              {databases.value.map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        ))}
        <label class="field">
          {t().weights}
          <select
            value={startFrom.value ?? ""}
            onChange={({ currentTarget: { value } }) => {
              startFrom.value = value || undefined;
            }}
          >
            <option value="">{t().fillers}</option>
            {weights.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      <div class="row">
        <button type="button" disabled={!solver.value} onClick={() => void download(/\.caffemodel/)}>
          <Icon name="download" />
          {t().saveWeights}
        </button>
        <button type="button" disabled={!solver.value} onClick={() => void download(/\.(?:solverstate|json)/)}>
          <Icon name="download" />
          {t().saveState}
        </button>
      </div>
    </details>
  );
}

/** Saves the files of a snapshot of now that have such names. */
async function download(wanted: RegExp): Promise<void> {
  try {
    for (const name of await snapshot()) {
      const { value: files } = runFiles;
      if (files && wanted.test(name)) save(name, await files.read(name));
    }
  } catch (error) {
    sayError(error);
  }
}
