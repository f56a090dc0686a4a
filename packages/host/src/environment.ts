/** Names that every host gets as its parent has them: where programs, homes, time zones and certificates are. */
const allowedNames = [
  "PATH",
  "HOME",
  "TZ",
  "LANG",
  "LC_ALL",
  "NODE_ENV",
  "TMPDIR",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  // Windows programs do not start without these.
  "SystemRoot",
  "TEMP",
  "TMP",
  "USERPROFILE",
]

/** Names that start so are meant for tasks, and go to every host. */
const taskPrefix = "SLUICE_TASK_"

/**
 * Gives the environment of a host: an allow list, so that no secret of the worker's is there by mistake, least of all
 * the database's URL. What tasks need is named `SLUICE_TASK_…`, or given to the pool as `env`.
 */
export function hostEnvironment(
  parent: NodeJS.ProcessEnv,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const names = [...allowedNames, ...Object.keys(parent).filter((name) => name.startsWith(taskPrefix))]
  const kept = names.flatMap((name) => (parent[name] === undefined ? [] : [[name, parent[name]] as const]))
  return { ...Object.fromEntries(kept), ...given }
}
