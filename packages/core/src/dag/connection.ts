import type { Json } from "../json.ts"

/** How to reach something outside, as it was entered under an id; what was left out is null. */
export interface Connection {
  readonly id: string
  /** What kind of thing it is, such as `http` or `postgres`. */
  readonly type: string
  readonly host: string | null
  readonly port: number | null
  readonly login: string | null
  readonly password: string | null
  readonly schema: string | null
  /** More of it: parsed where it was entered as JSON, else as text. */
  readonly extra: Json
}
