import { Link } from "@tanstack/react-router"
import { RefreshCw } from "lucide-react"
import { Button } from "../components/button.tsx"
import { Empty, Problem } from "../components/feedback.tsx"

/** A view that could not be drawn. A file of an older build that is gone asks for a reload, not for a retry. */
export function RouteProblem({ error }: { readonly error: Error }) {
  const isOutdated = /dynamically imported module|Importing a module script/i.test(error.message)
  if (!isOutdated) return <Problem error={error} onRetry={() => location.reload()} />
  return (
    <Empty title="Sluice was updated" icon={<RefreshCw size={22} aria-hidden />}>
      <p>The pages that are open are older than the server.</p>
      <Button look="primary" className="mt-3" onClick={() => location.reload()}>
        Reload
      </Button>
    </Empty>
  )
}

/** An address that is no view. */
export function NotFound() {
  return (
    <main>
      <Empty title="There is nothing at this address">
        <Link to="/" className="text-accent underline">
          Go to the overview
        </Link>
      </Empty>
    </main>
  )
}
