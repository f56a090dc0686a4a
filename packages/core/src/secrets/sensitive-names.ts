import type { Json } from "../json.ts"

/** What stands where a secret would. */
export const hiddenValue = "***"

/** Parts of names under which secrets are kept; Airflow's, whatever their case. */
const sensitiveParts = [
  "access_token",
  "api_key",
  "apikey",
  "authorization",
  "keyfile_dict",
  "passphrase",
  "passwd",
  "password",
  "private_key",
  "secret",
  "service_account",
  "token",
]

/** Whether what is kept under a name is a secret, by the name alone. */
export function isSensitiveName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll("-", "_")
  return sensitiveParts.some((part) => plain.includes(part))
}

/** A value with what is under sensitive names in it hidden, however deep. Nothing stays nothing. */
export function hideSecrets(value: Json): Json {
  if (Array.isArray(value)) return value.map(hideSecrets)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSensitiveName(name) && inner !== null && inner !== "" ? hiddenValue : hideSecrets(inner),
    ]),
  )
}

/** Puts back what `hideSecrets` hid, from the value that is kept: so what was read can be written back, changed elsewhere. */
export function restoreSecrets(given: Json, kept: Json, isSensitive = false): Json {
  if (given === hiddenValue && isSensitive) return kept
  if (Array.isArray(given))
    return given.map((inner: Json, place) =>
      restoreSecrets(
        inner,
        Array.isArray(kept) ? ((kept as readonly Json[])[place] ?? null) : null,
        isSensitive,
      ),
    )
  if (typeof given !== "object" || given === null) return given
  const before = typeof kept === "object" && kept !== null && !Array.isArray(kept) ? Object.entries(kept) : []
  const known = new Map<string, Json>(before)
  return Object.fromEntries(
    Object.entries(given).map(([name, inner]) => [
      name,
      restoreSecrets(inner, known.get(name) ?? null, isSensitive || isSensitiveName(name)),
    ]),
  )
}

/** The texts under sensitive names in a value: what must not appear anywhere else. */
export function secretsIn(value: Json, isSensitive = false): string[] {
  if (Array.isArray(value)) return value.flatMap((inner) => secretsIn(inner, isSensitive))
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, inner]) =>
      secretsIn(inner, isSensitive || isSensitiveName(name)),
    )
  return isSensitive && (typeof value === "string" || typeof value === "number") ? [String(value)] : []
}
