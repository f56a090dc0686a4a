import { useMutation, useQueryClient } from "@tanstack/react-query"
import { notify, notifyProblem } from "./notices.tsx"

/** Something that changes things at the server: told when it is done, told why when it is not. */
export function useAction<Variables, A>(options: {
  readonly run: (variables: Variables) => Promise<A>
  /** What is out of date then. */
  readonly touches: readonly (readonly unknown[])[]
  readonly done?: (answer: A, variables: Variables) => string | null
  readonly onDone?: (answer: A) => void
  /** The view shows what went wrong itself. */
  readonly isQuiet?: boolean
}) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: options.run,
    onSuccess: async (answer, variables) => {
      const words = options.done?.(answer, variables)
      if (words != null) notify(words)
      options.onDone?.(answer)
      await Promise.all(options.touches.map((queryKey) => client.invalidateQueries({ queryKey })))
    },
    onError: (error: Error) => {
      if (options.isQuiet !== true) notifyProblem(error)
    },
  })
}
