import type { UiFolder } from "@sluice/api"

/** The built pages, found when somebody visits: whoever only calls the API never waits for them. */
export const uiFolder: UiFolder = async () => (await import("@sluice/ui")).uiFolder()
