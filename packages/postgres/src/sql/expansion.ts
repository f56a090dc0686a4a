import type { ExpansionLease, StreamResume } from "@sluice/core/store"
import type { TaskError } from "@sluice/core/host"
import { freshArrays, freshItems, freshRows, type KeyedPage } from "./keyed-page.ts"
import { type Sql, toNumber } from "./row.ts"

/**
 * Takes the right to pull open expansions that nobody holds, each under a new epoch.
 *
 * Held expansions expire in the future, so the index on the expiry reads only those to be had.
 */
export function leaseExpansions(
  sql: Sql,
  options: { runnerId: string; limit: number; leaseSeconds: number },
): Promise<ExpansionLease[]> {
  return sql<ExpansionLease[]>`
    with free as materialized (
      select id from expansion
      where state = 'open' and kind in ('mapped', 'source') and runner_expires_at < now()
      order by runner_expires_at, id
      limit ${options.limit}
      for update skip locked
    )
    update expansion
    set epoch = epoch + 1,
        runner_id = ${options.runnerId},
        runner_expires_at = now() + make_interval(secs => ${options.leaseSeconds})
    from free
    where expansion.id = free.id
    returning expansion.id as expansion_id, dag_run_id, dag_version_id, task_id, kind, epoch, generation, cursor,
      resume_skip as skip,
      pull_failures, greatest(0, ceil(extract(epoch from pull_after - now()) * 1000))::float8 as pull_after_ms
  `
}

/** Extends what a runner holds; gives back the ids it still holds. */
export async function renewExpansions(
  sql: Sql,
  options: {
    runnerId: string
    expansionIds: readonly string[]
    epochs: readonly number[]
    leaseSeconds: number
  },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    update expansion
    set runner_expires_at = now() + make_interval(secs => ${options.leaseSeconds})
    from unnest(${[...options.expansionIds]}::bigint[], ${[...options.epochs]}::int[]) as held (id, epoch)
    where expansion.id = held.id and expansion.epoch = held.epoch
      and runner_id = ${options.runnerId} and state = 'open'
    returning expansion.id
  `
  return rows.map((row) => row.id)
}

/** Lets go of what a runner holds; rows are locked in the order of their ids. */
export async function releaseExpansions(
  sql: Sql,
  options: { runnerId: string; expansionIds: readonly string[]; epochs: readonly number[] },
): Promise<void> {
  await sql`
    with mine as materialized (
      select expansion.id
      from unnest(${[...options.expansionIds]}::bigint[], ${[...options.epochs]}::int[]) as held (id, epoch)
      join expansion on expansion.id = held.id and expansion.epoch = held.epoch
        and expansion.runner_id = ${options.runnerId}
      order by expansion.id
      for update of expansion
    )
    update expansion set runner_expires_at = '-infinity', runner_id = null
    from mine
    where expansion.id = mine.id
  `
}

/** How an expansion stands against its window; numbers as text. */
export interface ProgressRow {
  state: "waiting" | "open" | "draining" | "success" | "failed" | "skipped" | "upstream_failed" | "cancelled"
  isPullingPaused: boolean
  window: number | null
  pageSize: number | null
  pageBytesMax: string | null
  maxItems: string | null
  created: string
  finished: string
  consumed: string | null
}

/** Reads how an expansion stands: its own row, its open pages (at most a window of them), its consumers. */
export async function selectProgress(sql: Sql, expansionId: string): Promise<ProgressRow | null> {
  const rows = await sql<ProgressRow[]>`${progressOf(sql, expansionId)}`
  return rows[0] ?? null
}

/** One snapshot of all that the window is reckoned from: a fold that commits meanwhile is seen whole or not at all. */
function progressOf(sql: Sql, expansionId: string) {
  return sql`
    select
      e.state, e.is_pulling_paused, e.window_size as window, e.page_size, e.page_bytes_max, e.max_items, e.created,
      e.success + e.failed + e.skipped + e.upstream_failed_instances + (
        select coalesce(sum(page.finished), 0) from page
        where page.expansion_id = e.id and not page.folded
      ) as finished,
      (
        select min(position.consumed)
        from stream_position position
        join expansion consumer on consumer.id = position.consumer_id
        where position.upstream_id = e.id and position.holds_back and consumer.state in ('waiting', 'open')
      ) as consumed
    from expansion e
    where e.id = ${expansionId}
  `
}

/** How the expansion stands after a commit; with keys also how many items of the page were new. */
export interface CommittedRow {
  /** null: nothing was committed. */
  readonly progress: ProgressRow | null
  /** Set when nothing was committed because the expansion may not have so many items. */
  readonly tooMany: { readonly created: number; readonly fresh: number; readonly maxItems: number } | null
}

/**
 * Commits a page: cursor, indexes and instances to be move together, under the epoch, or not at all.
 *
 * The items of a shared source are no instances: its page is stored finished. Gaps get their rows here. With keys, what
 * came before is left out first (see `keyed-page.ts`), and `count` is what the database finds to be left; without them
 * the statement is the same to the letter as if keys did not exist.
 */
export async function commitPage(sql: Sql, options: CommitPageOptions): Promise<CommittedRow> {
  const given = options.items.length
  const gaps = options.gapStates.length
  const failedGaps = options.gapStates.filter((state) => state === "upstream_failed").length
  const keyed = given > 0 && options.keys !== null ? { keys: options.keys } : null
  const count = keyed === null ? sql`${given}` : sql`tally.n`
  const others = keyed === null ? sql`${given - gaps}` : sql`(tally.n - ${gaps}::int)`
  const tally = keyed === null ? sql`` : sql`, tally`
  const page =
    given === 0
      ? sql``
      : sql`, paged as (
      insert into page (
        expansion_id, first_index, count, urgency, claimable, folded, has_records, claimed,
        finished, success, skipped, upstream_failed, items${namesColumns(sql, options)}
      )
      select id, next_index - ${count}::int, ${count}::int, -priority,
        kind = 'mapped' and is_claimable and ${gaps}::int < ${count}::int, kind = 'source', ${gaps}::int > 0,
        case when kind = 'source' or ${gaps}::int = ${count}::int then ${count}::int else 0 end,
        case when kind = 'source' then ${count}::int else ${gaps}::int end,
        case when kind = 'source' then ${others}::int else 0 end,
        ${gaps - failedGaps}::int, ${failedGaps}::int, ${keyed === null ? itemsOf(sql, options) : freshArrays(sql)}
      from moved${keyed === null ? sql`` : sql`, tally where tally.n > 0`}
    )`
  const gapRows =
    keyed !== null
      ? freshRows(sql)
      : gaps === 0
        ? sql``
        : sql`, gapped as (
      insert into task_instance (expansion_id, map_index, state, try_number, started_at, ended_at)
      select moved.id, moved.next_index - ${count}::int + gap.position, gap.state::task_instance_state, 0, now(), now()
      from moved, unnest(${[...options.gapPositions]}::int[], ${[...options.gapStates]}::text[]) as gap (position, state)
      where moved.kind = 'mapped'
    )${originRows(sql, options)}`
  const consumed =
    options.consumedOrdinals.length === 0
      ? sql``
      : sql`, consumed as (
      update stream_position
      set consumed = greatest(stream_position.consumed, taken.index)
      from moved, unnest(${[...options.consumedOrdinals]}::int[], ${[...options.consumedIndexes]}::bigint[])
        as taken (ordinal, index)
      where stream_position.upstream_id = moved.dag_run_id * 4096 + taken.ordinal
        and stream_position.consumer_id = moved.id
    )`
  const rows = await sql<(ProgressRow & KeyedAnswer)[]>`
    with before as materialized (
      ${progressOf(sql, options.expansionId)}
    )${keyed === null ? sql`` : freshItems(sql, keyedPage(options, keyed.keys))}, moved as (
      update expansion
      set cursor = ${options.cursor},${resumeColumns(sql, options.resume)}
          next_index = expansion.next_index + ${count}::int,
          created = expansion.created + ${count}::int,${
            keyed === null
              ? sql``
              : sql`
          duplicates = expansion.duplicates + ${given}::int - tally.n,`
          }
          success = expansion.success + case when kind = 'source' then ${others}::int else 0 end,
          skipped = expansion.skipped + case when kind = 'source' then ${gaps - failedGaps}::int else 0 end,
          upstream_failed_instances =
            expansion.upstream_failed_instances + case when kind = 'source' then ${failedGaps}::int else 0 end,
          pages = expansion.pages + ${keyed === null ? sql`${Math.min(given, 1)}` : sql`least(tally.n, 1)`}::int,
          pulls = expansion.pulls + ${options.pulls}::int,
          pull_failures = 0,
          pull_after = '-infinity',
          stream_error = null,
          unfinished_peak = greatest(
            expansion.unfinished_peak, case when kind = 'source' then 0 else expansion.created + ${others}::int - before.finished end
          ),
          is_exhausted = ${options.exhausted}::boolean,
          -- Nobody pulls a stream that has ended.
          runner_id = case when ${options.exhausted}::boolean then null else expansion.runner_id end,
          runner_expires_at =
            case when ${options.exhausted}::boolean then '-infinity' else expansion.runner_expires_at end,
          state = ${options.exhausted ? "draining" : "open"}::expansion_state,
          is_due = expansion.is_due or ${options.exhausted}::boolean,
          seq = expansion.seq + ${options.exhausted ? 1 : 0}::int
      from before${tally}
      where expansion.id = ${options.expansionId} and expansion.epoch = ${options.epoch}
        and expansion.state = 'open'${keyed === null ? sql`` : sql` and tally.n <= coalesce(before.max_items - before.created, tally.n)`}
      returning expansion.id, expansion.dag_run_id, expansion.kind, expansion.priority, expansion.next_index,
        expansion.is_claimable,
        expansion.state as new_state, expansion.created as new_created
    )${page}${gapRows}${consumed}${options.exhausted ? endFusedSources(sql, options.fusedSources) : sql``}
    select moved.new_state as state, before.is_pulling_paused, before.window, before.page_size, before.page_bytes_max,
      before.max_items, moved.new_created as created,
      before.finished + case when moved.kind = 'source' then ${count}::int else ${gaps}::int end as finished, before.consumed${keyed === null ? sql`` : answerOf(sql, options)}
    from ${keyed === null ? sql`moved, before` : sql`before cross join tally left join moved on true`}
  `
  return committedOf(rows[0])
}

/** Only at the end of a stream, and while one that was extended is read; else there is nothing to be written. */
function resumeColumns(sql: Sql, resume: StreamResume | null) {
  return resume === null
    ? sql``
    : sql`
          resume_cursor = ${resume.cursor},
          resume_skip = ${resume.skip},
          stopped_by = ${resume.stoppedBy},`
}

/** A page to be committed. */
export interface CommitPageOptions {
  readonly expansionId: string
  readonly epoch: number
  readonly items: readonly (string | null)[]
  /** null: items have no keys. */
  readonly keys: readonly (string | null)[] | null
  readonly labels: readonly (string | null)[] | null
  readonly gapPositions: readonly number[]
  readonly gapStates: readonly string[]
  readonly gapOrigins: readonly ({ readonly ordinal: number; readonly index: number } | null)[]
  readonly cursor: string | null
  readonly exhausted: boolean
  readonly resume: StreamResume | null
  readonly pulls: number
  readonly consumedOrdinals: readonly number[]
  readonly consumedIndexes: readonly number[]
  readonly fusedSources: readonly number[]
}

/** What the statement says besides where items have keys; else nothing, and no row where nothing was committed. */
interface KeyedAnswer {
  readonly fresh?: number
  readonly createdBefore?: string
  readonly isHeld?: boolean
}

function answerOf(sql: Sql, options: CommitPageOptions) {
  return sql`, tally.n as fresh, before.created as created_before, exists (
        select from expansion
        where id = ${options.expansionId} and epoch = ${options.epoch} and state = 'open'
      ) as is_held`
}

function committedOf(row: (ProgressRow & KeyedAnswer) | undefined): CommittedRow {
  if (row === undefined) return { progress: null, tooMany: null }
  const { fresh, createdBefore, isHeld, ...progress } = row
  // Without a state no row was moved: the page was too many, or the right to commit it is gone.
  if ((row.state as string | null) !== null) return { progress, tooMany: null }
  const created = toNumber(createdBefore ?? 0)
  const isOver = row.maxItems !== null && created + (fresh ?? 0) > toNumber(row.maxItems)
  if (isHeld !== true || !isOver) return { progress: null, tooMany: null }
  return { progress: null, tooMany: { created, fresh: fresh ?? 0, maxItems: toNumber(row.maxItems ?? 0) } }
}

function keyedPage(options: CommitPageOptions, keys: readonly (string | null)[]): KeyedPage {
  const { expansionId, items, labels, gapPositions } = options
  const states = new Map(gapPositions.map((position, nth) => [position, options.gapStates[nth] ?? null]))
  const gapStates = items.map((_, position) => states.get(position) ?? null)
  return { expansionId, items: joinItems(items), keys, labels, gapStates }
}

/** Which columns of names a page has, after its items. */
function namesColumns(sql: Sql, { keys, labels }: CommitPageOptions) {
  if (keys !== null) return sql`, keys, labels`
  return labels === null ? sql`` : sql`, labels`
}

function itemsOf(sql: Sql, { items, labels }: CommitPageOptions) {
  const array = sql`string_to_array(${joinItems(items)}::text, chr(1), chr(2))`
  return labels === null ? array : sql`${array}, ${[...labels]}::text[]`
}

/** Notes whose places gaps are, where the pipeline leaves items out. */
function originRows(sql: Sql, { items, gapPositions, gapOrigins }: CommitPageOptions) {
  const noted = gapOrigins.flatMap((origin, nth) =>
    origin === null ? [] : [{ ...origin, position: gapPositions[nth] ?? 0 }],
  )
  return noted.length === 0
    ? sql``
    : sql`, origins as (
      insert into gap_origin (expansion_id, upstream_id, upstream_index, map_index)
      select moved.id, moved.dag_run_id * 4096 + origin.ordinal, origin.upstream_index,
        moved.next_index - ${items.length}::int + origin.position
      from moved, unnest(
        ${noted.map((origin) => origin.position)}::int[], ${noted.map((origin) => origin.ordinal)}::int[],
        ${noted.map((origin) => origin.index)}::bigint[]
      ) as origin (position, ordinal, upstream_index)
    )`
}

/**
 * A page's items as one text. JSON texts hold no control characters, so nothing needs quoting: an array literal
 * took four times as long to write as the join.
 */
function joinItems(items: readonly (string | null)[]): string {
  return items.includes(null) ? items.map((item) => item ?? "\u0002").join("\u0001") : items.join("\u0001")
}

/** Marks the sources that a consumer pulls itself as ended with it; `moved` is the consumer's row. */
function endFusedSources(sql: Sql, ordinals: readonly number[]) {
  return ordinals.length === 0
    ? sql``
    : sql`, ended_sources as (
      update expansion source
      set is_exhausted = true, is_due = true, seq = source.seq + 1, state = 'draining'
      from moved
      where source.state = 'open' and source.id in (select moved.dag_run_id * 4096 + o from unnest(${[...ordinals]}::int[]) o)
    )`
}

/** Records a failed pull that will be tried again after a delay. */
export async function delayPull(
  sql: Sql,
  options: { expansionId: string; epoch: number; error: TaskError; delayMs: number },
): Promise<boolean> {
  const rows = await sql`
    update expansion
    set pull_failures = pull_failures + 1,
        pull_after = now() + make_interval(secs => ${options.delayMs / 1000}),
        stream_error = ${JSON.stringify(options.error)}::text::json
    where id = ${options.expansionId} and epoch = ${options.epoch} and state = 'open'
    returning id
  `
  return rows.length > 0
}

/** Ends a stream that cannot be pulled further; the fused source that broke keeps the error. */
export async function breakStream(
  sql: Sql,
  options: {
    expansionId: string
    epoch: number
    error: TaskError
    failure: "own" | "upstream"
    failedSource: number | null
    fusedSources: readonly number[]
  },
): Promise<boolean> {
  const error = JSON.stringify(options.error)
  const rows = await sql`
    with moved as (
      update expansion
      set is_exhausted = true, state = 'draining', is_due = true, seq = seq + 1, runner_id = null,
          runner_expires_at = '-infinity', stream_failure = ${options.failure}, stream_error = ${error}::text::json
      where id = ${options.expansionId} and epoch = ${options.epoch} and state = 'open'
      returning id, dag_run_id
    ), ended_sources as (
      update expansion source
      set is_exhausted = true, is_due = true, seq = source.seq + 1, state = 'draining',
          stream_failure = case when source.ordinal = ${options.failedSource}::int then 'own' else source.stream_failure end,
          stream_error = case when source.ordinal = ${options.failedSource}::int then ${error}::text::json else source.stream_error end
      from moved
      where source.state = 'open' and source.id in (select moved.dag_run_id * 4096 + o from unnest(${[...options.fusedSources]}::int[]) o)
    )
    select id from moved
  `
  return rows.length > 0
}
