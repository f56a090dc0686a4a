/**
 * The place of an upstream instance that left no value: it failed, or it was skipped.
 *
 * A gap keeps its index: operators pass it on instead of calling user code, so that the totals of a chain of maps
 * always add up. `state` is what an instance made from this place ends as.
 */
export class Gap {
  readonly state: "upstream_failed" | "skipped"
  constructor(state: "upstream_failed" | "skipped") {
    this.state = state
  }
}
