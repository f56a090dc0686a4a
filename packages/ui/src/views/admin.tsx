import { Outlet, useLocation } from "@tanstack/react-router"
import { PageHead, Tab, Tabs } from "../components/page.tsx"

const tabs = [
  { to: "/admin/health", label: "Health" },
  { to: "/admin/pools", label: "Pools" },
  { to: "/admin/variables", label: "Variables" },
  { to: "/admin/connections", label: "Connections" },
  { to: "/admin/users", label: "Users" },
  { to: "/admin/tokens", label: "Tokens" },
  { to: "/admin/audit", label: "Audit" },
  { to: "/admin/config", label: "Configuration" },
] as const

/** What is around the DAGs: processes, limits, who may do what, what was done. */
export function Admin() {
  const pathname = useLocation({ select: (location) => location.pathname })
  return (
    <>
      <PageHead title="Admin" />
      <Tabs label="Admin">
        {tabs.map(({ to, label }) => (
          <Tab key={to} to={to} isCurrent={pathname === to}>
            {label}
          </Tab>
        ))}
      </Tabs>
      <Outlet />
    </>
  )
}
