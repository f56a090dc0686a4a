import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { Tooltip } from "radix-ui"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import "./app.css"
import { ApiProblem, Unreachable } from "./api/client.ts"
import { Notices } from "./components/notices.tsx"
import { makeRouter } from "./router.tsx"

/** How often a request that the server could not answer is tried again. */
const retriesMax = 2

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // What changes is told live; this is for what nobody tells.
      staleTime: 5_000,
      retry: (failures, error) =>
        error instanceof Unreachable || (error instanceof ApiProblem && error.status === 503)
          ? failures < retriesMax
          : false,
      // The browser's word for being offline says nothing of a server on the same machine.
      networkMode: "always",
    },
    mutations: { networkMode: "always", retry: false },
  },
})

const router = makeRouter(queries)
const place = document.getElementById("root")
if (place === null) throw new Error("the document has no #root")

createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Tooltip.Provider delayDuration={350} skipDelayDuration={200}>
        <RouterProvider router={router} />
        <Notices />
      </Tooltip.Provider>
    </QueryClientProvider>
  </StrictMode>,
)
