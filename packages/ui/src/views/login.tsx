import { useMutation } from "@tanstack/react-query"
import { useNavigate, useSearch } from "@tanstack/react-router"
import { type FormEvent, useState } from "react"
import { ApiProblem, api } from "../api/client.ts"
import { keepToken } from "../api/session.ts"
import { Button } from "../components/button.tsx"
import { TextField } from "../components/field.tsx"

/** Signing in. */
export function Login() {
  const { next } = useSearch({ from: "/login" })
  const navigate = useNavigate()
  const [username, setUsername] = useState("")
  const [password, setPassword] = useState("")
  const signIn = useMutation({
    mutationFn: () =>
      api<{ access_token: string }>("/auth/token", { method: "POST", body: { username, password } }),
    onSuccess: ({ access_token }) => {
      keepToken(access_token)
      void navigate({ href: isOfOurs(next) ? next : "/", replace: true })
    },
  })
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    signIn.mutate()
  }
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <form onSubmit={onSubmit} className="panel flex w-full max-w-sm flex-col gap-4 p-6 shadow-(--shadow)">
        <div className="flex items-center gap-2.5">
          <img src="/icon.svg" alt="" width={28} height={28} />
          <h1 className="m-0 text-lg font-semibold tracking-tight">Sign in to Sluice</h1>
        </div>
        <TextField
          label="User name"
          name="username"
          autoComplete="username"
          autoFocus
          required
          value={username}
          onChange={setUsername}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={setPassword}
        />
        {signIn.error !== null && (
          <p role="alert" className="m-0 font-medium text-danger">
            {wordsOf(signIn.error)}
          </p>
        )}
        <Button type="submit" look="primary" disabled={signIn.isPending}>
          {signIn.isPending ? "Signing in…" : "Sign in"}
        </Button>
        <p className="m-0 text-xs text-muted">
          The first administrator's password was printed when the server first started.{" "}
          <code className="font-mono">npx sluice users passwd admin</code> makes a new one.
        </p>
      </form>
    </main>
  )
}

function wordsOf(error: Error): string {
  if (!(error instanceof ApiProblem)) return error.message
  if (error.status === 401) return "The user name or the password is wrong."
  if (error.status === 429) return `Too many tries. Try again in ${error.retryAfter ?? 60} seconds.`
  return error.message
}

/** Only an address of this server: a link may bring any other. */
function isOfOurs(next: string | undefined): next is string {
  return next !== undefined && next.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\")
}
