import type { PullScope } from "./pull-scope.ts"

/** Gives a view of a scope that asks for shorter pages: for an input that fills the rest of a page. */
export function narrowScope(scope: PullScope, pageSize: number): PullScope {
  return {
    signal: scope.signal,
    pageSize,
    reader: scope.reader,
    codec: scope.codec,
    isOrdered: scope.isOrdered,
    context: scope.context,
    child: (key) => narrowScope(scope.child(key), pageSize),
    get: (owner) => scope.get(owner),
    set: (owner, resource) => scope.set(owner, resource),
    release: (owner) => scope.release(owner),
    close: () => scope.close(),
  }
}
