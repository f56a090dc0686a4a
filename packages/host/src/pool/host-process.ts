// One host: a child process, the calls it has in flight, and the watch over it.

import { type ChildProcess, fork } from "node:child_process"
import { getCompileCacheDir } from "node:module"
import { fileURLToPath } from "node:url"
import { hostEnvironment } from "../environment.ts"
import type { HostPoolSettings } from "../options.ts"
import type { LogEntry } from "../port.ts"
import { type CallMessage, type FromHost, hostSettingsVariable, type ToHost } from "../protocol.ts"
import { causeOfDeath } from "./death.ts"
import { HostContexts } from "./host-contexts.ts"
import { RawOutput } from "./raw-output.ts"

/** How long a host may take from its start until it listens. */
const startMsMax = 30_000

/** A host is pinged this often within the time for which it may be silent. */
const pingsPerSilence = 4

/** The shortest time between two pings. */
const pingMsMin = 10

/** How long to wait for the last output of a process that has ended; a grandchild may hold the pipe open. */
const lastOutputMs = 200

/** One thing that a host was asked to do, until it has ended. */
export interface HostCall {
  /** What it does, for messages: `upsert[0..99] of users_sync`. */
  readonly what: string
  onMessage(message: CallMessage, host: HostProcess): void
  onLost(loss: CallLoss): void
}

/** How a call was lost. */
export interface CallLoss {
  /** Why, as the rest of a sentence that starts with "the host". */
  readonly cause: string
  /** True when the host did nothing else from the call's start on. */
  readonly wasAlone: boolean
  /** Milliseconds since the call's start. */
  readonly afterMs: number
  /** Whether this call is why; null: not known. */
  readonly isToBlame: boolean | null
}

interface CallUnderWay {
  readonly call: HostCall
  readonly callId: number
  readonly startedAt: number
  readonly startedAlone: boolean
  /** The bound that its timeout sets, once its instances have begun. */
  readonly silence: Silence | null
}

/** For how long a host may be silent, and what to say when it was for longer. */
interface Silence {
  readonly msMax: number
  readonly meaning: string
}

export class HostProcess {
  readonly contexts = new HostContexts()
  readonly #settings: HostPoolSettings
  readonly #child: ChildProcess
  readonly #calls = new Map<number, CallUnderWay>()
  readonly #output: RawOutput
  readonly #onEnd: (host: HostProcess) => void
  #lastCallId = 0
  #reserved = 0
  /** Milliseconds since the first ping that has no answer; null: the host has answered. */
  #silentMs: number | null = null
  #pingEveryMs = 0
  #announced: string | null = null
  /** The call that is why the host ends, where it is known. */
  #blamed: number | null = null
  #cause = ""
  /** True before its last output is read, and `isAlive` false. */
  #hasExited = false
  #ended: Promise<void>
  #watch: NodeJS.Timeout
  #retired: NodeJS.Timeout | null = null
  /** True when it has completed a call: a host that dies before is not merely unlucky. */
  hasServed = false
  /** True when it takes no more work, and ends once what it has is done. */
  isRetiring = false
  isAlive = true
  /** False while the process starts: it has run no user code yet. */
  isReady = false

  constructor(settings: HostPoolSettings, onEnd: (host: HostProcess) => void) {
    this.#settings = settings
    this.#onEnd = onEnd
    this.#child = spawnHost(settings)
    this.#output = new RawOutput(this.#child)
    this.#ended = new Promise((resolve) => {
      this.#child.once("exit", (exitCode, signal) => void this.#end(exitCode, signal).then(resolve))
      this.#child.once("error", (error) => this.#announce(`could not be started: ${error.message}`))
    })
    this.#child.on("message", (message) => this.#receive(message as FromHost))
    this.#watch = setTimeout(() => this.kill(`did not start within ${startMsMax / 1000} s`), startMsMax)
  }

  /** How many calls it has or is about to get. */
  get load(): number {
    return this.#calls.size + this.#reserved
  }

  /** Counts a call that is being prepared; the host is not retired meanwhile. */
  reserve(): void {
    this.#reserved += 1
  }

  release(): void {
    this.#reserved -= 1
    this.#retireWhenIdle()
  }

  send(message: ToHost): void {
    // The callback swallows what a channel that just closed reports: the exit event tells the calls.
    if (this.isAlive && this.#child.connected) this.#child.send(message, () => {})
  }

  /** Starts a call; `makeMessage` gets its id. */
  call(call: HostCall, makeMessage: (callId: number) => ToHost): number {
    this.#lastCallId += 1
    const callId = this.#lastCallId
    if (!this.isAlive) {
      const cause = `${this.#cause} before it could start ${call.what}`
      queueMicrotask(() => call.onLost({ cause, wasAlone: false, afterMs: 0, isToBlame: null }))
      return callId
    }
    const startedAlone = this.#calls.size === 0
    this.#calls.set(callId, { call, callId, startedAt: performance.now(), startedAlone, silence: null })
    this.send(makeMessage(callId))
    return callId
  }

  /** Forgets a call that has ended. */
  finish(callId: number): void {
    this.#calls.delete(callId)
    this.hasServed = true
    this.#retireWhenIdle()
  }

  /**
   * Notes that a call's instances have begun, each of which has so long. A loop hears of no timeout: the host is killed
   * when it has been silent for that time and the grace, whichever call is why.
   */
  watchTimeout(callId: number, timeoutMs: number): void {
    const underWay = this.#calls.get(callId)
    const { unresponsiveMs, abortGraceMs } = this.#settings
    if (underWay === undefined || underWay.silence !== null || timeoutMs >= unresponsiveMs) return
    const msMax = Math.min(unresponsiveMs, timeoutMs + abortGraceMs)
    const meaning = `an instance did not yield and passed its timeout of ${timeoutMs / 1000} s,`
    this.#calls.set(callId, { ...underWay, silence: { msMax, meaning } })
    if (pingEveryMs(this.#silence().msMax) < this.#pingEveryMs) this.#pingLater()
  }

  has(callId: number): boolean {
    return this.#calls.has(callId)
  }

  /** Takes what the process wrote past its JavaScript streams, as log lines of no instance. */
  takeRawLogs(): LogEntry[] {
    return this.#output.takeLogs()
  }

  /** Notes that a call is why the host ends. The first counts. */
  blame(callId: number): void {
    this.#blamed ??= callId
  }

  /**
   * Kills the process at once; the reason is the rest of a sentence that starts with "the host". `guilty` is the call that is
   * why, where that is known.
   */
  kill(reason: string, guilty: number | null = null): void {
    if (this.#announced === null && guilty !== null) this.blame(guilty)
    this.#announce(reason)
    this.#child.kill("SIGKILL")
  }

  /** Takes no more work; ends when idle. */
  retire(): void {
    this.isRetiring = true
    this.#retireWhenIdle()
  }

  /** Aborts all it does, lets it close its streams, and kills it after `graceMs`. */
  async shutDown(graceMs: number): Promise<void> {
    this.isRetiring = true
    this.#announce("was shut down with its worker")
    this.send({ kind: "shutdown" })
    const timer = setTimeout(() => this.kill("was shut down with its worker"), graceMs)
    await this.#ended
    clearTimeout(timer)
  }

  #retireWhenIdle(): void {
    if (!this.isRetiring || this.load > 0 || this.#retired !== null) return
    this.send({ kind: "shutdown" })
    // A `finally` block of a stream may never end.
    this.#retired = setTimeout(() => this.kill("was retired"), this.#settings.abortGraceMs)
  }

  #announce(reason: string): void {
    this.#announced ??= reason
  }

  #receive(message: FromHost): void {
    this.#silentMs = null
    switch (message.kind) {
      case "ready":
        return this.#start()
      case "pong":
        if (message.rssBytes > this.#settings.recycleRssMb * 1024 * 1024) this.retire()
        return
      case "blamed":
        return this.blame(message.callId)
      case "dying":
        return this.kill(message.reason)
      default:
        // A call that was given up is no longer here; a message that is not ours has no call either.
        this.#calls.get(message.callId)?.call.onMessage(message, this)
    }
  }

  #start(): void {
    this.isReady = true
    clearTimeout(this.#watch)
    this.#pingLater()
  }

  #pingLater(): void {
    clearTimeout(this.#watch)
    if (this.#hasExited) return
    this.#pingEveryMs = pingEveryMs(this.#silence().msMax)
    this.#watch = setTimeout(() => this.#ping(), this.#pingEveryMs)
  }

  /** What bounds the host's silence: the call that has the least time. */
  #silence(): Silence {
    let shortest = this.#loopSilence()
    for (const { silence } of this.#calls.values()) {
      if (silence !== null && silence.msMax <= shortest.msMax) shortest = silence
    }
    return shortest
  }

  #loopSilence(): Silence {
    return { msMax: this.#settings.unresponsiveMs, meaning: "a loop that never yields?" }
  }

  /**
   * Adds up the time between pings instead of comparing clocks, so that a parent that was itself held up does not blame
   * its hosts. An idle host is left alone.
   */
  #ping(): void {
    if (this.load === 0) {
      this.#silentMs = null
      return this.#pingLater()
    }
    const { msMax, meaning } = this.#silence()
    this.#silentMs = this.#silentMs === null ? 0 : this.#silentMs + this.#pingEveryMs
    if (this.#silentMs >= msMax) return this.kill(`did not respond for ${msMax / 1000} s: ${meaning}`)
    this.send({ kind: "ping" })
    this.#pingLater()
  }

  async #end(exitCode: number | null, signal: NodeJS.Signals | null): Promise<void> {
    this.#hasExited = true
    clearTimeout(this.#watch)
    if (this.#retired !== null) clearTimeout(this.#retired)
    await this.#output.drained(lastOutputMs)
    this.isAlive = false
    this.#cause = causeOfDeath({
      exitCode,
      signal,
      stderr: this.#output.stderrTail,
      announced: this.#announced,
      memoryLimitMb: this.#settings.memoryLimitMb,
      hasStarted: this.isReady,
    })
    this.#onEnd(this)
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const { call, callId, startedAt, startedAlone } of calls) {
      call.onLost({
        cause: `${this.#cause} while running ${call.what}`,
        wasAlone: startedAlone && callId === this.#lastCallId,
        afterMs: performance.now() - startedAt,
        isToBlame: this.#blamed === null ? null : this.#blamed === callId,
      })
    }
  }
}

function pingEveryMs(silentMsMax: number): number {
  return Math.max(pingMsMin, Math.ceil(silentMsMax / pingsPerSilence))
}

function spawnHost(settings: HostPoolSettings): ChildProcess {
  const { resultBytesMax, abortGraceMs, entry } = settings
  const compileCache = getCompileCacheDir()
  // Only sources resolve to sources; a built entry must find the built core.
  const conditions = entry.pathname.endsWith(".ts") ? ["--conditions=@sluice/source"] : []
  return fork(fileURLToPath(entry), [], {
    execArgv: [
      `--max-old-space-size=${settings.memoryLimitMb}`,
      ...(settings.nodeFlags ?? []),
      ...conditions,
    ],
    env: {
      ...hostEnvironment(process.env, settings.env),
      // Hosts start faster where their parent keeps compiled code.
      ...(compileCache !== undefined && { NODE_COMPILE_CACHE: compileCache }),
      [hostSettingsVariable]: JSON.stringify({ resultBytesMax, abortGraceMs }),
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "advanced",
  })
}
