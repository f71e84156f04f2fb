/** The guided tour: a strip under the page's head, one step at a time. */
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../parts/icons.js";
import { number } from "../../parts/number.js";
import { scrollToView } from "../../parts/scroll.js";
import { language } from "../../settings.js";
import { go, isRunning, outcome, place, predict, prediction, stepAt } from "./state.js";
import { steps } from "./steps.js";
import { en, t, zh } from "./texts.js";
import "./tour.css";

export function Tour() {
  const { value: at } = place;
  const step = stepAt(at);
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    // A step that the reader has gone to is read out; the first view is not.
    if (!isFirst.current && at > 0) heading.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [at]);
  return (
    <section class={`tour${step ? " open" : ""}`} aria-label={t().tour}>
      <div class="tour-head">
        <span class="tag" data-testid="tour-step" data-step={at}>
          {step ? t().step(at, steps.length) : t().tour}
        </span>
        <h2 ref={heading} tabIndex={-1}>
          {step ? stepText(step.id).title : t().invite}
        </h2>
        <div class="tools">
          {step && (
            <>
              <button
                type="button"
                class="plain"
                aria-label={t().back}
                title={t().back}
                onClick={() => void go(at - 1)}
              >
                <Icon name="back" />
              </button>
              <button type="button" class="plain" aria-label={t().end} title={t().end} onClick={() => void go(0)}>
                <Icon name="close" />
              </button>
            </>
          )}
          <button type="button" class={step ? "primary" : ""} data-testid="tour-next" onClick={() => void go(at + 1)}>
            {step ? (at === steps.length ? t().finish : t().next) : t().begin}
          </button>
        </div>
      </div>
      {step && <StepBody />}
    </section>
  );
}

function stepText(id: keyof typeof en) {
  return (language.value === "zh" ? zh : en)[id];
}

function StepBody() {
  const step = stepAt(place.value);
  if (!step) return null;
  const { text, question, options, answer } = stepText(step.id);
  const { value: chosen } = prediction;
  const { value: shown } = outcome;
  return (
    <div class="tour-body">
      <div>
        <p>{text}</p>
        <small>{t().setUp}</small>
      </div>
      <fieldset disabled={isRunning.value}>
        <legend>{question}</legend>
        {options.map((option, i) => (
          <button
            key={option}
            type="button"
            data-testid={`tour-option-${i}`}
            aria-pressed={chosen === i}
            class={shown && i === step.right ? "right" : ""}
            onClick={() => void predict(i)}
          >
            {option}
          </button>
        ))}
      </fieldset>
      <div class="tour-answer" role="status" data-testid="tour-answer">
        {isRunning.value && <p class="muted">{t().running}</p>}
        {shown && (
          <>
            <p>
              <strong>{chosen === step.right ? t().right : t().wrong}</strong> {answer}
            </p>
            <dl class="figures">
              {shown.loss !== undefined && <Figure name={t().loss} value={number(shown.loss)} />}
              {shown.accuracy !== undefined && (
                <Figure name={t().accuracy} value={`${(100 * shown.accuracy).toFixed(1)} %`} />
              )}
              {shown.gap && <Figure name={t().byAverages} value={number(shown.gap.byAverages)} />}
              {shown.gap && <Figure name={t().byBatch} value={number(shown.gap.byBatch)} />}
            </dl>
            {shown.said.map((said) => (
              <p key={said} class="note warning">
                {t().said}: {said}
              </p>
            ))}
            <button type="button" onClick={(event) => scrollToView(event, "norm")}>
              {t().look}
            </button>
          </>
        )}
      </div>
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
