import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"

/** The API of the demo, in its own process. */
export interface CitiesServer {
  readonly url: string
  /** What the run must end with. */
  expected(limit: number | undefined): Promise<Expected>
  close(): void
}

/** What the API has: cities in all, those that are big enough, the people in them, and pages. */
export interface Expected {
  readonly all: number
  readonly kept: number
  readonly population: number
  readonly pages: number
  /** What a page has taken the API, on average; null when none was asked for. */
  readonly pageMs: number | null
}

/** Smaller places are dropped by the DAG's filter. */
const populationMin = 1000

/** Starts the API on a free port. */
export async function startServer(latencyMs: number): Promise<CitiesServer> {
  const child = fork(fileURLToPath(new URL("./cities-server.ts", import.meta.url)), [String(latencyMs)], {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  })
  const url = `http://127.0.0.1:${await portOf(child)}`
  return {
    url,
    expected: async (limit) => {
      const query = limit === undefined ? "" : `&limit=${limit}`
      const response = await fetch(`${url}/expected?population_min=${populationMin}${query}`)
      return (await response.json()) as Expected
    },
    close: () => {
      if (child.connected) child.disconnect()
    },
  }
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("message", (message) => resolve((message as { port: number }).port))
    child.once("error", reject)
    child.once("exit", (code) => reject(new Error(`the cities server ended with code ${code}`)))
  })
}
