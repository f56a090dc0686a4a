import type { Expansion } from "@sluice/api/wire"
import { Ban, Gauge, Pause, Play, RotateCw, StepForward } from "lucide-react"
import { useState } from "react"
import { api } from "../../api/client.ts"
import { mapPath, runKey, type TaskName } from "../../api/queries.ts"
import { Button } from "../../components/button.tsx"
import { useNow } from "../../components/clock.ts"
import { Menu, MenuItem } from "../../components/menu.tsx"
import { useAction } from "../../components/mutation.ts"
import { PageHead } from "../../components/page.tsx"
import { useDenied } from "../../components/role.ts"
import { ExpansionStateBadge } from "../../components/state.tsx"
import { Time } from "../../components/time.tsx"
import { between } from "../../model/format.ts"
import { waitInWords } from "../../model/waits.ts"
import { TaskTrail } from "../task.tsx"
import { CancelMapDialog } from "./cancel-dialog.tsx"
import { ExtendDialog } from "./extend-dialog.tsx"
import { useInstanceWish } from "./instance-filters.tsx"
import { RedriveDialog } from "./redrive-dialog.tsx"
import { ResizeDialog } from "./resize-dialog.tsx"

const finalStates = ["success", "failed", "skipped", "upstream_failed", "cancelled"]

/** What the map is, what it waits for, and what one can do with it. */
export function MapHead({ name, expansion }: { readonly name: TaskName; readonly expansion: Expansion }) {
  const now = useNow()
  const wish = useInstanceWish()
  const [open, setOpen] = useState<"redrive" | "resize" | "cancel" | "extend" | null>(null)
  const denied = useDenied()
  const isOver = finalStates.includes(expansion.state)
  const wait = waitInWords(expansion, now)
  const close = () => setOpen(null)
  return (
    <>
      <PageHead
        trail={<TaskTrail name={name} isAtTask />}
        title={expansion.task_id}
        meta={
          <>
            <ExpansionStateBadge expansion={expansion} />
            {wait !== null && <span data-wait>{wait}</span>}
            {expansion.start_date !== null && (
              <span>
                began <Time at={expansion.start_date} />,{" "}
                {expansion.end_date === null ? "running for" : "took"}{" "}
                {between(expansion.start_date, expansion.end_date, now)}
              </span>
            )}
          </>
        }
        actions={
          <>
            {!isOver && <PauseMenu name={name} expansion={expansion} denied={denied("patch_expansion")} />}
            {!isOver && (
              <Button denied={denied("patch_expansion")} onClick={() => setOpen("resize")}>
                <Gauge size={14} aria-hidden /> Limits
              </Button>
            )}
            {expansion.kind === "mapped" && (
              <Button denied={denied("redrive_expansion")} onClick={() => setOpen("redrive")}>
                <RotateCw size={14} aria-hidden /> Redrive
              </Button>
            )}
            {isOver && expansion.kind === "mapped" && (
              <Button denied={denied("extend_expansion")} onClick={() => setOpen("extend")}>
                <StepForward size={14} aria-hidden /> Extend
              </Button>
            )}
            {!isOver && (
              <Button look="danger" denied={denied("cancel_expansion")} onClick={() => setOpen("cancel")}>
                <Ban size={14} aria-hidden /> Cancel
              </Button>
            )}
          </>
        }
      />
      <StreamProblem expansion={expansion} />
      {open === "redrive" && <RedriveDialog name={name} expansion={expansion} wish={wish} onClose={close} />}
      {open === "resize" && <ResizeDialog name={name} expansion={expansion} onClose={close} />}
      {open === "cancel" && <CancelMapDialog name={name} expansion={expansion} onClose={close} />}
      {open === "extend" && <ExtendDialog name={name} onClose={close} />}
    </>
  )
}

function StreamProblem({ expansion }: { readonly expansion: Expansion }) {
  const told = expansion.stop_reason ?? expansion.stream_error
  if (told === null) return null
  return (
    <p role="status" className="panel mb-3 border-l-4 border-l-danger px-3 py-2">
      <strong>{expansion.stop_reason === null ? "The source failed" : "The map was stopped"}:</strong>{" "}
      <span className="font-mono text-xs">{told.type}</span> {told.message}
    </p>
  )
}

interface Paused {
  readonly is_pulling_paused?: boolean
  readonly is_running_paused?: boolean
}

function PauseMenu({
  name,
  expansion,
  denied,
}: {
  readonly name: TaskName
  readonly expansion: Expansion
  readonly denied: string | null
}) {
  const change = useAction({
    run: (body: Paused) => api<Expansion>(mapPath(name), { method: "PATCH", body }),
    touches: [[...runKey(name), "expansions"]],
    done: (now) =>
      now.is_pulling_paused || now.is_running_paused
        ? `${name.taskId} is paused${now.is_running_paused ? "" : ": nothing more is read, what is there runs on"}.`
        : `${name.taskId} goes on.`,
  })
  const { is_pulling_paused: noPull, is_running_paused: noRun } = expansion
  if (noPull || noRun)
    return (
      <Button
        look="primary"
        denied={denied}
        disabled={change.isPending}
        onClick={() => change.mutate({ is_pulling_paused: false, is_running_paused: false })}
      >
        <Play size={14} aria-hidden /> Resume
      </Button>
    )
  if (denied !== null)
    return (
      <Button denied={denied}>
        <Pause size={14} aria-hidden /> Pause
      </Button>
    )
  return (
    <Menu
      trigger={
        <Button disabled={change.isPending}>
          <Pause size={14} aria-hidden /> Pause
        </Button>
      }
    >
      <MenuItem onSelect={() => change.mutate({ is_pulling_paused: true, is_running_paused: true })}>
        Pause reading and running
      </MenuItem>
      <MenuItem onSelect={() => change.mutate({ is_pulling_paused: true })}>
        Pause reading: what is there runs on
      </MenuItem>
      <MenuItem onSelect={() => change.mutate({ is_running_paused: true })}>
        Pause running: the window fills up
      </MenuItem>
    </Menu>
  )
}
