export { type Api, type ApiOptions, createApi } from "./app.ts"
export type { ConfigOption, ConfigSection } from "./config.ts"
export { createFirstUser, firstUsername, loadSigningSecret } from "./auth/first-user.ts"
export { hashPassword, passwordLengthMax, passwordLengthMin } from "./auth/passwords.ts"
export { hashApiToken, makeApiToken, makePassword } from "./auth/secrets.ts"

export { signingSecretLengthMin } from "./auth/sessions.ts"
export { isLoopback, type RunningServer, serveApi, UnsafeAddress } from "./serve.ts"
export type { UiFolder } from "./ui/ui-files.ts"
