/** What a task is for beside the value it leaves. */
export type TaskPurpose =
  | { readonly kind: "branch" }
  /** Transitive: it skips everything below it, and not only what comes next. */
  | { readonly kind: "short_circuit"; readonly isTransitive: boolean }
  | { readonly kind: "setup" }
  | { readonly kind: "teardown"; readonly failsRun: boolean }
