/**
 * Opens the stream to a Postgres server, plain or TLS.
 *
 * We do this instead of the driver so that we hold the socket: only then can a
 * connection be ended for certain, at once, whatever state the driver is in.
 */
import net from "node:net"
import tls from "node:tls"

/** Where to connect; several hosts are tried in their order. */
export interface SocketOptions {
  readonly hosts: readonly string[]
  readonly ports: readonly number[]
  /** A unix socket's path instead of hosts. */
  readonly path: string | undefined
  readonly tls: TlsMode
}

/** libpq's sslmode, reduced to what can differ: off, if offered, needed, needed and verified. */
export type TlsMode = "disable" | "prefer" | "require" | "verify-full"

/** What a client sends to ask for TLS before it says anything else. */
const tlsRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** How long a silent connection is left before the kernel asks whether the other side still lives. */
const keepAliveMs = 30_000

/** Opens a socket; `signal` ends the attempt and leaves nothing open. */
export async function openSocket(options: SocketOptions, signal: AbortSignal): Promise<net.Socket> {
  if (options.path !== undefined) return connected(net.connect(options.path), signal)
  let failure: unknown = new Error("no host to connect to")
  for (const [index, host] of options.hosts.entries()) {
    const port = options.ports[index] ?? options.ports[0] ?? 5432
    try {
      const socket = await connected(net.connect({ host, port, noDelay: true }), signal)
      socket.setKeepAlive(true, keepAliveMs)
      return await secured(socket, host, options.tls, signal)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function connected(socket: net.Socket, signal: AbortSignal): Promise<net.Socket> {
  return settled(socket, "connect", signal).then(() => socket)
}

/** Waits for one event of a socket, and destroys the socket when an error or the signal comes first. */
function settled(socket: net.Socket, event: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const stop = () => done(() => reject(signal.reason))
    const fail = (error: Error) => done(() => reject(error))
    const closed = () => done(() => reject(closedError()))
    const arrive = (value: unknown) => done(() => resolve(value), true)
    function done(settle: () => void, keep = false) {
      signal.removeEventListener("abort", stop)
      socket.off("error", fail).off("close", closed).off(event, arrive)
      if (!keep) socket.on("error", () => undefined).destroy()
      settle()
    }
    if (signal.aborted) return stop()
    signal.addEventListener("abort", stop)
    socket.on("error", fail).on("close", closed).once(event, arrive)
  })
}

async function secured(socket: net.Socket, host: string, mode: TlsMode, signal: AbortSignal) {
  if (mode === "disable") return socket
  socket.write(tlsRequest)
  const answer = (await settled(socket, "data", signal)) as Buffer
  if (answer.length !== 1 || answer.toString() !== "S") {
    if (mode === "prefer" && answer.toString() === "N") return socket
    socket.destroy()
    throw Object.assign(new Error("the server refuses TLS"), { code: "TLS_REFUSED" })
  }
  const secure = tls.connect({
    socket,
    ...(net.isIP(host) === 0 && { servername: host }),
    rejectUnauthorized: mode === "verify-full",
  })
  await settled(secure, "secureConnect", signal)
  return secure
}

/** The error of a connection that ended without one. */
export function closedError(): Error {
  return Object.assign(new Error("the server closed the connection"), { code: "CONNECTION_CLOSED" })
}
