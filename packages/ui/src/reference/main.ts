/*
 * The reference of the HTTP API: Swagger UI over the document that the server makes of its own routes. Everything comes
 * from this server; requests that are tried out are sent as whoever is signed in to the web UI.
 */
import "swagger-ui-dist/swagger-ui.css"
import bundle from "swagger-ui-dist/swagger-ui-bundle.js?url"
import { currentToken } from "../api/session.ts"

const documentAddress = "/api/v2/openapi.json"

interface SentRequest {
  readonly url: string
  headers: Record<string, string>
}

/** What the bundle defines: of its options, those that are used here. */
declare const SwaggerUIBundle: (options: {
  readonly domNode: HTMLElement
  readonly url: string
  readonly deepLinking: boolean
  readonly docExpansion: "list"
  readonly filter: boolean
  /** A service elsewhere that would be sent the document; null: none. */
  readonly validatorUrl: null
  readonly requestInterceptor: (request: SentRequest) => SentRequest
}) => void

const place = document.querySelector<HTMLElement>("#reference") ?? document.body
const isSignedIn = currentToken() !== null && (await fetch(documentAddress, { headers: authorization() })).ok

if (isSignedIn) await show()
else askToSignIn()

async function show(): Promise<void> {
  await loadScript(bundle)
  SwaggerUIBundle({
    domNode: place,
    url: documentAddress,
    deepLinking: true,
    docExpansion: "list",
    filter: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      // A session is for its own server, whatever address was typed in.
      if (new URL(request.url, location.href).origin === location.origin)
        request.headers = { ...request.headers, ...authorization() }
      return request
    },
  })
}

function authorization(): Record<string, string> {
  return { authorization: `Bearer ${currentToken() ?? ""}` }
}

function askToSignIn(): void {
  const link = document.createElement("a")
  link.href = "/login"
  link.textContent = "Sign in to Sluice, and come back to read the reference of its HTTP API."
  place.append(link)
}

function loadScript(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = address
    script.addEventListener("load", () => resolve(), { once: true })
    script.addEventListener("error", () => reject(new Error(`${address} could not be loaded`)), {
      once: true,
    })
    document.head.append(script)
  })
}
