import { Schema } from "effect"

/** The store could not be reached, or did not answer in time. The same call may succeed later. */
export class StoreUnavailable extends Schema.TaggedError<StoreUnavailable>()("StoreUnavailable", {
  operation: Schema.String,
  message: Schema.String,
  cause: Schema.optional(Schema.Unknown),
}) {
  readonly retryable = true
}

/** The store refused a statement: a bug of ours or a broken schema. Retrying does not help. */
export class StoreFailure extends Schema.TaggedError<StoreFailure>()("StoreFailure", {
  operation: Schema.String,
  message: Schema.String,
  cause: Schema.optional(Schema.Unknown),
}) {
  readonly retryable = false
}

/** What any store call may fail with. */
export type StoreError = StoreUnavailable | StoreFailure

/** Another worker or runner holds it now, or it was taken away. Stop quietly: its result wins, not ours. */
export class LeaseLost extends Schema.TaggedError<LeaseLost>()("LeaseLost", {
  /** What was held: a lease of instances, or the right to pull an expansion. */
  held: Schema.Literals(["lease", "expansion"]),
  id: Schema.String,
}) {
  readonly retryable = false
}

/** A page has more new keys than the expansion may have items: nothing of it was committed. */
export class TooManyItems extends Schema.TaggedError<TooManyItems>()("TooManyItems", {
  created: Schema.Number,
  /** Items of the page whose key is new. */
  fresh: Schema.Number,
  maxItems: Schema.Number,
}) {
  readonly retryable = false
}

/** The dag run id is taken. */
export class DuplicateDagRun extends Schema.TaggedError<DuplicateDagRun>()("DuplicateDagRun", {
  dagId: Schema.String,
  runId: Schema.String,
}) {
  readonly retryable = false
}

/** A thing of this name is there already. */
export class AlreadyExists extends Schema.TaggedError<AlreadyExists>()("AlreadyExists", {
  what: Schema.String,
  id: Schema.String,
}) {
  readonly retryable = false
}

/** Instances cannot be run again there: the message says why, and what to do instead. */
export class RedriveRefused extends Schema.TaggedError<RedriveRefused>()("RedriveRefused", {
  taskId: Schema.String,
  message: Schema.String,
}) {
  readonly retryable = false
}

/** A stream cannot go on where it ended: the message says why, and what to do instead. */
export class ExtendRefused extends Schema.TaggedError<ExtendRefused>()("ExtendRefused", {
  taskId: Schema.String,
  message: Schema.String,
}) {
  readonly retryable = false
}

/** What was asked for does not exist. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", {
  what: Schema.String,
  id: Schema.String,
}) {
  readonly retryable = false
}

/** A thing is not of the kind, or not in the state, in which this may be done to it. The message says what to do. */
export class NotAllowed extends Schema.TaggedError<NotAllowed>()("NotAllowed", {
  what: Schema.String,
  state: Schema.String,
  message: Schema.String,
}) {
  readonly retryable = false
}

/** Whether a thrown value or a failure is an error with this tag. */
export function isTagged(error: unknown, tag: string): boolean {
  return typeof error === "object" && error !== null && "_tag" in error && error._tag === tag
}
