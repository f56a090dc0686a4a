export * from "@sluice/core"
