import type { DagRun } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useState } from "react"
import { api, ApiProblem, path } from "../api/client.ts"
import { structureQuery } from "../api/queries.ts"
import { DialogForm } from "../components/dialog-form.tsx"
import { Dialog } from "../components/dialog.tsx"
import { Loaded } from "../components/feedback.tsx"
import { Field, Input, Select, TextArea, TextField } from "../components/field.tsx"
import { useAction } from "../components/mutation.ts"
import { fieldsOf, type ParamField, textOf, valueOf } from "../model/params-form.ts"

/** Makes a run: a field for each of the DAG's params. */
export function TriggerDialog({ dagId, onClose }: { readonly dagId: string; readonly onClose: () => void }) {
  const structure = useQuery(structureQuery(dagId))
  return (
    <Dialog isOpen onClose={onClose} title={`Trigger ${dagId}`}>
      <Loaded query={structure} rows={4}>
        {({ params_schema: schema }) => (
          <TriggerForm dagId={dagId} fields={fieldsOf(schema)} onClose={onClose} />
        )}
      </Loaded>
    </Dialog>
  )
}

function TriggerForm({
  dagId,
  fields,
  onClose,
}: {
  readonly dagId: string
  readonly fields: readonly ParamField[]
  readonly onClose: () => void
}) {
  const navigate = useNavigate()
  const [texts, setTexts] = useState(
    () => new Map(fields.map((field) => [field.name, textOf(field, field.initial)])),
  )
  const [free, setFree] = useState("")
  const [runId, setRunId] = useState("")
  const [note, setNote] = useState("")
  const [logicalDate, setLogicalDate] = useState("")
  const [isShowingErrors, setShowingErrors] = useState(false)
  const read = fields.map((field) => [field, valueOf(field, texts.get(field.name) ?? "")] as const)
  const freeConf = readFree(free)
  const trigger = useAction({
    isQuiet: true,
    run: () =>
      api<DagRun>(path`/dags/${dagId}/dagRuns`, {
        method: "POST",
        body: {
          logical_date: logicalDate === "" ? null : new Date(logicalDate).toISOString(),
          ...(runId !== "" && { dag_run_id: runId }),
          ...(note !== "" && { note }),
          conf: {
            ...("value" in freeConf ? freeConf.value : {}),
            ...Object.fromEntries(
              read.flatMap(([field, result]) =>
                "value" in result && result.value !== undefined ? [[field.name, result.value]] : [],
              ),
            ),
          },
        },
      }),
    touches: [["dags"]],
    done: (run) => `Run ${run.dag_run_id} was made.`,
    onDone: (run) => {
      onClose()
      void navigate({ to: "/dags/$dagId/runs/$runId", params: { dagId, runId: run.dag_run_id } })
    },
  })
  const refused = trigger.error instanceof ApiProblem ? trigger.error.params : []
  const refusedOf = (name: string) =>
    refused.flatMap((one) => (one.name === name ? [one.message] : [])).join("; ") || null
  // What is told at the fields is not told once more below them.
  const isToldAtFields =
    refused.length > 0 && refused.every((one) => fields.some((field) => field.name === one.name))
  const onSubmit = () => {
    setShowingErrors(true)
    if (read.every(([, result]) => "value" in result) && "value" in freeConf) trigger.mutate(undefined)
  }
  return (
    <DialogForm
      submit={trigger.isPending ? "Triggering…" : "Trigger"}
      close="Cancel"
      isBlocked={trigger.isPending}
      error={isToldAtFields ? null : trigger.error}
      onSubmit={onSubmit}
      onClose={onClose}
    >
      {read.map(([field, result]) => (
        <Field
          key={field.name}
          label={<ParamLabel field={field} />}
          hint={[field.description, field.bounds].filter((part) => part !== null).join(" · ") || undefined}
          error={isShowingErrors && "error" in result ? result.error : refusedOf(field.name)}
        >
          {(props) => (
            <ParamInput
              field={field}
              props={props}
              text={texts.get(field.name) ?? ""}
              onChange={(text) => {
                setTexts(new Map(texts).set(field.name, text))
                if (trigger.isError) trigger.reset()
              }}
            />
          )}
        </Field>
      ))}
      {fields.length === 0 && (
        <Field
          label="Conf (JSON)"
          hint="This DAG declares no params; what is given here is in ctx.params."
          error={"error" in freeConf ? freeConf.error : null}
        >
          {(props) => (
            <TextArea
              {...props}
              rows={3}
              value={free}
              onChange={(event) => setFree(event.target.value)}
              placeholder="{}"
            />
          )}
        </Field>
      )}
      <details className="text-sm">
        <summary className="cursor-pointer text-muted">Run id, logical date, note</summary>
        <div className="mt-3 flex flex-col gap-3.5">
          <TextField
            label="Run id"
            hint="Made by the server where it is left out."
            value={runId}
            onChange={setRunId}
          />
          <TextField
            label="Logical date"
            hint="In your time zone; left out, the run has none."
            type="datetime-local"
            step={1}
            value={logicalDate}
            onChange={setLogicalDate}
          />
          <TextField label="Note" value={note} onChange={setNote} />
        </div>
      </details>
    </DialogForm>
  )
}

function ParamLabel({ field }: { readonly field: ParamField }) {
  const isNeeded = field.isRequired && field.initial === undefined
  return (
    <>
      {field.title}
      {field.title !== field.name && (
        <span className="ml-1.5 font-mono text-xs font-normal text-muted">{field.name}</span>
      )}
      {isNeeded && <span className="ml-1.5 text-xs font-normal text-muted">needed</span>}
    </>
  )
}

/** What stands for a field that is left empty. */
function emptyOf(field: ParamField): string {
  if (field.initial !== undefined) return `default: ${textOf(field, field.initial) || "none"}`
  return field.isRequired ? "choose…" : "not given"
}

function ParamInput({
  field,
  props,
  text,
  onChange,
}: {
  readonly field: ParamField
  readonly props: { readonly id: string }
  readonly text: string
  readonly onChange: (text: string) => void
}) {
  switch (field.kind) {
    case "boolean":
      return (
        <Select {...props} value={text} onChange={(event) => onChange(event.target.value)}>
          {field.initial === undefined && <option value="">{emptyOf(field)}</option>}
          <option value="true">true</option>
          <option value="false">false</option>
        </Select>
      )
    case "choice":
      return (
        <Select {...props} value={text} onChange={(event) => onChange(event.target.value)}>
          {field.initial === undefined && <option value="">{emptyOf(field)}</option>}
          {field.choices.map((choice) => (
            <option key={JSON.stringify(choice)} value={JSON.stringify(choice)}>
              {String(choice)}
            </option>
          ))}
        </Select>
      )
    case "json":
      return (
        <TextArea
          {...props}
          rows={Math.min(8, Math.max(2, text.split("\n").length))}
          placeholder={emptyOf(field)}
          value={text}
          onChange={(event) => onChange(event.target.value)}
          className="aria-invalid:border-danger"
        />
      )
    default:
      return (
        <Input
          {...props}
          {...(field.kind === "date"
            ? { type: "date" }
            : { inputMode: field.kind === "text" ? "text" : "decimal", placeholder: emptyOf(field) })}
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      )
  }
}

function readFree(text: string): { readonly value: Record<string, unknown> } | { readonly error: string } {
  if (text.trim() === "") return { value: {} }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return { value: value as Record<string, unknown> }
  } catch {
    // Told below, as what is no object.
  }
  return { error: 'expected an object of JSON, such as {"since": "2026-01-01"}' }
}
