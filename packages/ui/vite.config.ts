import tailwind from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig({
  plugins: [react(), tailwind()],
  resolve: { conditions: ["@sluice/source", "module", "browser", "development|production"] },
  build: {
    target: "es2023",
    // Nothing is inlined as a data: address: the policy of the pages allows no such script, style or font.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 400,
    // The web UI, and the reference of the API at /docs, each a document of its own.
    rolldownOptions: { input: ["index.html", "docs/index.html"] },
  },
})
