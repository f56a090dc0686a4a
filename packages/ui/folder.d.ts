/** The pages cannot be built here: what to do is in the message. */
export class UiNotBuilt extends Error {
  override readonly name: "UiNotBuilt"
}

/**
 * The folder of the built pages.
 *
 * From the package it is there. In a checkout of the sources it is built when it is first asked for, and again when a
 * source has changed since.
 */
export function uiFolder(): Promise<string>
