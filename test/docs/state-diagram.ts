/** Draws a transition table as a Mermaid state diagram. */
export function stateDiagram(transitions: Readonly<Record<string, readonly string[]>>): string {
  const [first] = Object.keys(transitions)
  const arrows = Object.entries(transitions).flatMap(([from, targets]) =>
    targets.length === 0 ? [`  ${from} --> [*]`] : targets.map((to) => `  ${from} --> ${to}`),
  )
  return ["stateDiagram-v2", `  [*] --> ${first}`, ...arrows].join("\n")
}
