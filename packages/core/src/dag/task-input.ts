import type { XCom } from "./xcom.ts"

/** Inputs that are one value although they are objects: their properties are not inputs of their own. */
type Atomic =
  | readonly unknown[]
  | ((...args: never[]) => unknown)
  | AsyncIterable<unknown>
  | Iterable<unknown>
  | Date
  | RegExp
  | URL
  | Error
  | PromiseLike<unknown>

/** Whether an input is an object whose fields may each be given as a value, an XCom or a stream. */
export type HasFields<Input> = [Input] extends [object] ? ([Input] extends [Atomic] ? false : true) : false

/** A field of an input: a value of its type, or the XCom of a task that returns one. */
export type InputField<Value> = Value | XCom<Value>

/** The fields of an input, each a value or an XCom. */
export type InputFields<Input> = { readonly [K in keyof Input]: InputField<Input[K]> }

/** What may be given for an input: field by field, or one XCom for all of it. */
export type InputOf<Input> =
  HasFields<Input> extends true ? InputFields<Input> | XCom<Input> : Input | XCom<Input>

/** Whether a task can be called without any input. */
type IsOptional<Input> = unknown extends Input
  ? true
  : [Input] extends [undefined | void]
    ? true
    : HasFields<Input> extends true
      ? Partial<Input> extends Input
        ? true
        : false
      : undefined extends Input
        ? true
        : false

/** The arguments of a task's call: none are needed when the input has no required field. */
export type InputArguments<Input> = [Input] extends [void]
  ? []
  : IsOptional<Input> extends true
    ? [input?: InputOf<Input>]
    : [input: InputOf<Input>]

/** The item that a mapped task takes. What `partial` fixed may not come again with the items. */
export type ItemOf<Input, Fixed extends PropertyKey> = [Input] extends [void]
  ? unknown
  : [Fixed] extends [never]
    ? Input
    : Input & { readonly [K in Fixed]?: never }

/** One stream for each field of the items. */
export type StreamsOf<Input> =
  HasFields<Input> extends true ? { readonly [K in keyof Input]: AsyncIterable<Input[K]> } : never

/** One list for each field of the items, known now or returned by a task. */
export type ListsOf<Input> =
  HasFields<Input> extends true
    ? { readonly [K in keyof Input]: readonly Input[K][] | XCom<readonly Input[K][]> }
    : never

/** What `partial` takes: some fields of the input, and no others. */
export type Fixable<Input, Given> = Given & { readonly [K in Exclude<keyof Given, keyof Input>]: never }
