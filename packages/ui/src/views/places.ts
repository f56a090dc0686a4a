/** Where one can go. */
export const places = [
  { to: "/", label: "Overview" },
  { to: "/dags", label: "DAGs" },
  { to: "/runs", label: "Runs" },
] as const
