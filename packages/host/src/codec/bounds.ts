/** The deepest nesting of a value that is kept. Deeper is nearly always a structure that contains itself. */
export const depthMax = 500

/** The largest encoded value that is kept, in bytes of UTF-8: 16 MiB. Larger data belongs in a file or a table. */
export const valueBytesMax = 16 * 1024 * 1024
