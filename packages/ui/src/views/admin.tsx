import { Outlet, useLocation } from "@tanstack/react-router"
import { Lock } from "lucide-react"
import { Allowed } from "../components/allowed.tsx"
import { PageHead, Tab, Tabs } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"

const tabs = [
  { to: "/admin/health", label: "Health", reads: "get_jobs" },
  { to: "/admin/pools", label: "Pools", reads: "get_pools" },
  { to: "/admin/triggers", label: "Triggers", reads: "get_triggers" },
  { to: "/admin/variables", label: "Variables", reads: "get_variables" },
  { to: "/admin/connections", label: "Connections", reads: "get_connections" },
  { to: "/admin/users", label: "Users", reads: "get_users" },
  { to: "/admin/tokens", label: "Tokens", reads: "get_tokens" },
  { to: "/admin/audit", label: "Audit", reads: "get_event_logs" },
  { to: "/admin/config", label: "Configuration", reads: "get_config" },
] as const

/** What is around the DAGs: processes, limits, who may do what, what was done. */
export function Admin() {
  const denied = useDenied()
  const pathname = useLocation({ select: (location) => location.pathname })
  const current = tabs.find(({ to }) => to === pathname) ?? tabs[0]
  return (
    <>
      <PageHead title="Admin" />
      <Tabs label="Admin">
        {tabs.map(({ to, label, reads }) => (
          <Tab key={to} to={to} isCurrent={current.to === to}>
            {label}
            {denied(reads) !== null && <Lock size={12} aria-label="not for your role" />}
          </Tab>
        ))}
      </Tabs>
      <Allowed key={current.reads} operation={current.reads}>
        <Outlet />
      </Allowed>
    </>
  )
}
