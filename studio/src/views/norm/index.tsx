/** The view of one BatchNorm of the running net, and the switches that break it. */

import { number } from "../../parts/number.js";
import { Section } from "../../parts/section.js";
import { ChannelBars, Histogram, Lines } from "./charts.js";
import "./norm.css";
import { solver } from "../../state/run.js";
import {
  channel,
  choose,
  chosenLayer,
  findingsOf,
  gap,
  isMeasuring,
  measureGap,
  moments,
  normNames,
  positions,
  turn,
  turned,
  watchError,
  watched,
} from "./state.js";
import { switchTexts, t } from "./strings.js";
import { type Switch, switches } from "./switches.js";

export function Norm() {
  const layers = normNames.value;
  return (
    <Section id="norm" title={t().title} about={t().about} tools={layers.length > 0 && <Choice />}>
      {layers.length === 0 ? <p class="note">{t().none}</p> : <Watched />}
      <GapPanel />
      <h3>{t().switches}</h3>
      <p class="about">{t().switchesAbout}</p>
      <ul class="switches">
        {switches.map((each) => (
          <SwitchRow key={each.name} each={each} />
        ))}
      </ul>
    </Section>
  );
}

function Choice() {
  return (
    <>
      <label class="field">
        {t().layer}
        <select
          data-testid="bn-layer"
          value={chosenLayer.value}
          onChange={({ currentTarget }) => choose({ layer: currentTarget.value })}
        >
          {normNames.value.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        {t().channel}
        <input
          type="number"
          min="0"
          max={watched.value ? watched.value.channels - 1 : undefined}
          value={channel.value}
          onInput={({ currentTarget: { valueAsNumber } }) => {
            const last = (watched.value?.channels ?? 1) - 1;
            if (Number.isInteger(valueAsNumber)) choose({ channel: Math.min(last, Math.max(0, valueAsNumber)) });
          }}
        />
      </label>
    </>
  );
}

function Watched() {
  const { value: seen } = watched;
  if (watchError.value !== undefined) {
    return (
      <p class="note warning">
        {t().inPlaceOnly}: {watchError.value}
      </p>
    );
  }
  if (!seen || !solver.value) return <p class="note">{t().notYet}</p>;
  const { channel: c, dead } = seen;
  return (
    <div class="watched">
      <div class="pairs">
        <Lines
          title={t().mean}
          names={[t().batch, t().running]}
          points={moments.value.map(({ iter, batchMean, runningMean }) => [iter, batchMean, runningMean])}
        />
        <Lines
          title={t().variance}
          names={[t().batch, t().running]}
          points={moments.value.map(({ iter, batchVariance, runningVariance }) => [
            iter,
            batchVariance,
            runningVariance,
          ])}
        />
      </div>
      <div class="triples">
        <Histogram title={t().input} values={seen.input} />
        <Histogram title={t().normalized} values={seen.normalized} />
        {seen.scaled && <Histogram title={t().scaled} values={seen.scaled} />}
      </div>
      <ChannelBars
        title={t().channels}
        values={seen.divergences}
        chosen={c}
        dead={dead ?? []}
        choose={(index) => choose({ channel: index })}
      />
      <dl class="figures">
        {seen.gamma && <Figure name={t().gamma} value={number(seen.gamma[c])} />}
        {seen.beta && <Figure name={t().beta} value={number(seen.beta[c])} />}
        <Figure name={t().factor} value={number(seen.factor)} />
        <Figure name={t().m} value={number(seen.m)} />
        <Figure name={t().dead} value={dead ? t().deadOf(dead.length, seen.channels) : t().noRelu} />
      </dl>
    </div>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function GapPanel() {
  const { value: found } = gap;
  const error = found?.layers.get(chosenLayer.value ?? "");
  const loss = (value: number | undefined) => (value === undefined ? t().notMeasured : number(value));
  return (
    <div class="card gap" data-testid="bn-gap">
      <dl class="figures">
        <Figure name={`${t().gap} (${t().gapUnit})`} value={number(watched.value?.divergence)} />
        <Figure name={t().byAverages} value={loss(found?.byAverages)} />
        <Figure name={t().byBatch} value={loss(found?.byBatch)} />
      </dl>
      {error !== undefined && <p class="muted">{t().layerError(`${(100 * error).toFixed(1)} %`)}</p>}
      {found && found.causes.length > 0 && (
        <p class="note warning">
          {t().why}: {found.causes.join(" · ")}
        </p>
      )}
      <button type="button" disabled={!solver.value || isMeasuring.value} onClick={() => void measureGap()}>
        {isMeasuring.value ? t().measuring : t().measure}
      </button>
    </div>
  );
}

function SwitchRow({ each }: { readonly each: Switch }) {
  const { name } = each;
  const isOn = positions.value[name] ?? false;
  const { value: last } = turned;
  const id = `bn-switch-${name}`;
  return (
    <li class={isOn ? "on" : ""}>
      <label class="check" for={id}>
        <input
          id={id}
          type="checkbox"
          data-testid={id}
          checked={isOn}
          aria-describedby={`${id}-why`}
          onChange={({ currentTarget }) => void turn(each, currentTarget.checked)}
        />
        <code>{switchTexts()[name]}</code>
      </label>
      <p id={`${id}-why`} class="muted">
        {switchTexts()[`${name}_why`]}
      </p>
      {isOn &&
        findingsOf(each)
          .slice(0, 1)
          .map(({ rule, severity, message, why }) => (
            <div key={rule} class={`note ${severity}`} data-rule={rule}>
              <strong>{message}</strong>
              <p>{why}</p>
            </div>
          ))}
      {last?.name === name && last.outcome !== "" && <p role="status">{last.outcome}</p>}
    </li>
  );
}
