// Before tests of the pages: built once, and not while a test waits for them.

import { uiFolder } from "./folder.js"

export default async function setup() {
  await uiFolder()
}
