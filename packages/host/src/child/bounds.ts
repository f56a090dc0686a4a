/** How often a lease that takes long sends what it has. */
export const flushEveryMs = 100

/** How much a batch may hold before it is sent at once, in characters of values and logs. */
export const batchCharsMax = 4 * 1024 * 1024

/** How much may wait in the channel to the parent before lanes pause, in characters. */
export const unsentCharsMax = 32 * 1024 * 1024

/** How long instances that never wait may keep the event loop, so that pings, aborts and timers are still served. */
export const turnEveryMs = 10

/** A lease that took less than this reports no timings: they would say nothing and cost more than the work. */
export const timingsFromMs = 20

/** Log lines kept of one instance in one try. */
export const logLinesMax = 1_000

/** Characters of log kept of one instance in one try. */
export const logCharsMax = 256 * 1024

/** Characters kept of one log line. */
export const logLineCharsMax = 16 * 1024

/** Lines kept, until the next batch, of what is logged outside of any running instance. */
export const strayLinesMax = 200

/** Characters kept of an error's message. */
export const messageCharsMax = 4 * 1024

/** Characters kept of an error's stack. */
export const stackCharsMax = 16 * 1024

/** How many causes of an error are told. */
export const causesMax = 5

/** Characters of an XCom's key; the database counts them too. */
export const xcomKeyCharsMax = 512

/** Items in one pulled page. */
export const pageItemsMax = 10_000

/** Bytes of the cursor that follows a page. */
export const cursorBytesMax = 64 * 1024

/** How long one pull may go on past pages that came out empty before it says so, so that a rare filter costs few commits. */
export const emptyPagesMs = 100

/** Streams kept open between pulls in one host; the one pulled longest ago is closed, and re-opened at its cursor. */
export const openStreamsMax = 200
