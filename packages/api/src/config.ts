/** Options that belong together. */
export interface ConfigSection {
  readonly name: string
  readonly options: readonly ConfigOption[]
}

/** What a server was started with, or a bound that it keeps. */
export interface ConfigOption {
  readonly key: string
  readonly value: string | number | boolean
  /** Its value is told to nobody. */
  readonly isSecret?: boolean
}
