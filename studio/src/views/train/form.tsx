/** The solver's settings as a form, in step with its text. */
import { effect, signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { latest } from "../../state/latest.js";
import { sayError } from "../../state/messages.js";
import { answers } from "../../state/moka.js";
import { isStarted } from "../../state/net.js";
import { netFile, solverFile } from "../../state/project.js";
import { batchSize, type FormField, isRead, solverFields, typedValue } from "./fields.js";
import { t } from "./strings.js";

/** The values of the fields in the texts; those of the batch come last. */
const written = signal<readonly (string | undefined)[]>([]);
const read = latest(async (solver: string, net: string) => {
  const [own, batches] = await Promise.all([
    answers().readFields(
      solver,
      solverFields.map(({ name }) => ({ path: [name] })),
    ),
    answers().readFields(net, [batchSize]),
  ]);
  return [...own.map(([value]) => value), batches[0]?.[0]];
});
effect(() => {
  const [solver, net] = [solverFile.value?.text.value, netFile.value?.text.value];
  if (!isStarted.value || solver === undefined) return;
  read(solver, net ?? "").then((values) => {
    if (values) written.value = values;
  }, sayError);
});

const policyAt = solverFields.findIndex(({ name }) => name === "lr_policy");

async function change(field: FormField, value: string | readonly string[] | undefined): Promise<void> {
  const file = field === batchField ? netFile.value : solverFile.value;
  if (!file) return;
  const query = field === batchField ? batchSize : { path: [field.name] };
  try {
    file.text.value = await answers().changeFields(file.text.value, [{ ...query, value }]);
  } catch (error) {
    sayError(error);
  }
}

const batchField: FormField = { name: "batch_size", kind: "whole" };

export function SolverForm() {
  const { value: values } = written;
  const name = solverFile.value?.name;
  if (name === undefined) return null;
  const shown = solverFields.flatMap((field, i) =>
    isRead(field, values[policyAt]) ? [{ field, value: values[i] }] : [],
  );
  return (
    <details class="card solver-form">
      <summary>
        <strong>{t().settings}</strong>
      </summary>
      <p class="muted">{t().settingsOf(name)}</p>
      <div class="solver-fields">
        {[...shown, { field: batchField, value: values.at(-1) }].map(({ field, value }) => (
          <Field key={field.name} field={field} value={value} />
        ))}
      </div>
    </details>
  );
}

function Field({ field, value }: { readonly field: FormField; readonly value: string | undefined }) {
  const [isWrong, setWrong] = useState(false);
  const id = `solver-${field.name}`;
  const take = (typed: string) => {
    const found = typedValue(field, typed);
    setWrong(!found);
    if (found) void change(field, found.value);
  };
  return (
    <div class="field">
      <label for={id}>
        <code>{field.name}</code>
      </label>
      {field.kind === "choice" ? (
        <select
          id={id}
          value={value ?? field.standard ?? ""}
          onChange={({ currentTarget }) => take(currentTarget.value)}
        >
          {field.choices?.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          value={value ?? ""}
          placeholder={field.standard}
          inputMode={field.kind === "numbers" ? "text" : "decimal"}
          aria-invalid={isWrong}
          onChange={({ currentTarget }) => take(currentTarget.value)}
        />
      )}
      {isWrong && <small class="wrong">{t().invalid}</small>}
    </div>
  );
}
