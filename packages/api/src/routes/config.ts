import { z } from "@hono/zod-openapi"
import { hiddenValue, isSensitiveName } from "@sluice/core/secrets"
import type { ConfigOption, ConfigSection } from "../config.ts"
import { endpoint, makeRouter } from "../endpoint.ts"
import { ApiError, httpExceptionSchema, notFound } from "../problem.ts"
import { json, text } from "../wire/text.ts"

const configSchema = z
  .strictObject({
    sections: z.array(
      z
        .strictObject({
          name: z.string(),
          options: z.array(z.strictObject({ key: z.string(), value: z.string() }).openapi("ConfigOption")),
        })
        .openapi("ConfigSection"),
    ),
  })
  .openapi("Config")

const plainText = "text/plain"

const answers = {
  200: {
    description: "Sections with their options; what is secret is hidden.",
    content: { "application/json": { schema: configSchema }, [plainText]: { schema: z.string() } },
  },
  406: json("No such media type is served; expected application/json or text/plain.", httpExceptionSchema),
}

const getConfig = endpoint({
  method: "get",
  path: "/config",
  operationId: "get_config",
  tags: ["Config"],
  summary: "What this server was started with, and the bounds it keeps",
  role: "op",
  request: { query: z.object({ section: text(250).optional() }) },
  responses: answers,
})

const getOption = endpoint({
  method: "get",
  path: "/config/section/{section}/option/{option}",
  operationId: "get_config_value",
  tags: ["Config"],
  summary: "One option",
  role: "op",
  request: { params: z.object({ section: text(250), option: text(250) }) },
  responses: answers,
})

type Shown = z.infer<typeof configSchema>

/** The configuration, with secrets hidden. */
export function configRoutes() {
  return makeRouter()
    .openapi(getConfig, (c) => {
      const { section } = c.req.valid("query")
      const all = c.var.services.config
      const sections = section === undefined ? all : all.filter(({ name }) => name === section)
      if (section !== undefined && sections.length === 0) throw notFound("section", section)
      const shown = { sections: sections.map(toSection) }
      return isTextAsked(c.req.header("accept")) ? c.text(toIni(shown), 200) : c.json(shown, 200)
    })
    .openapi(getOption, (c) => {
      const { section: name, option: key } = c.req.valid("param")
      const option = c.var.services.config
        .find((one) => one.name === name)
        ?.options.find((one) => one.key === key)
      if (option === undefined) throw notFound("option", `${name}/${key}`)
      const shown = { sections: [{ name, options: [toOption(option)] }] }
      return isTextAsked(c.req.header("accept")) ? c.text(toOption(option).value, 200) : c.json(shown, 200)
    })
}

/** Whether the client wants text rather than JSON, which is given to whoever does not care. */
function isTextAsked(accept = "*/*"): boolean {
  const kinds = accept.split(",").map((kind) => kind.split(";")[0]?.trim().toLowerCase())
  if (kinds.some((kind) => kind === "application/json" || kind === "application/*" || kind === "*/*"))
    return false
  if (kinds.some((kind) => kind === plainText || kind === "text/*")) return true
  throw new ApiError(406, `Accept is "${accept}"; expected application/json or text/plain`)
}

function toSection({ name, options }: ConfigSection): Shown["sections"][number] {
  return { name, options: options.map(toOption) }
}

function toOption({ key, value, isSecret }: ConfigOption) {
  return { key, value: isSecret === true || isSensitiveName(key) ? hiddenValue : String(value) }
}

function toIni({ sections }: Shown): string {
  return sections
    .map(
      ({ name, options }) => `[${name}]\n${options.map(({ key, value }) => `${key} = ${value}\n`).join("")}`,
    )
    .join("\n")
}
