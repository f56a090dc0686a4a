export { depthMax, valueBytesMax } from "./bounds.ts"
export { decode, fromJson } from "./decode.ts"
export { encode, toJson, type EncodeOptions } from "./encode.ts"
export { NotEncodable } from "./not-encodable.ts"
