import { useQuery } from "@tanstack/react-query"
import { configQuery } from "../api/queries.ts"
import { Loaded } from "../components/feedback.tsx"
import { Panel } from "../components/page.tsx"

/** What the server was started with, and the bounds it keeps; what is secret is hidden. */
export function AdminConfig() {
  const config = useQuery(configQuery)
  return (
    <Loaded query={config}>
      {({ sections }) => (
        <div className="grid items-start gap-3 lg:grid-cols-2">
          {sections.map((section) => (
            <Panel key={section.name} title={section.name}>
              <table className="grid-table">
                <tbody>
                  {section.options.map((option) => (
                    <tr key={option.key}>
                      <td className="font-mono text-xs">{option.key}</td>
                      <td className="num font-mono text-xs break-all">{option.value}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Panel>
          ))}
        </div>
      )}
    </Loaded>
  )
}
