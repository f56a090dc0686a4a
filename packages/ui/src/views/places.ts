/** Where one can go. */
export const places = [
  { to: "/", label: "Overview" },
  { to: "/dags", label: "DAGs" },
  { to: "/runs", label: "Runs" },
  { to: "/assets", label: "Assets" },
  { to: "/admin", label: "Admin" },
] as const
