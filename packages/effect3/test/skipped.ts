// Says at the end of a run why tests were skipped, each reason once.
import type { RunnerTask } from "vitest"
import type { TestProject } from "vitest/node"

declare module "vitest" {
  interface TaskMeta {
    /** Why the test was skipped; as a note, the reporter would say it of each. */
    skippedFor?: string
  }
}

const reasons = (task: RunnerTask): ReadonlyArray<string> =>
  task.type === "suite" ? task.tasks.flatMap(reasons) : task.meta.skippedFor === undefined ? [] : [task.meta.skippedFor]

export default ({ vitest }: TestProject) =>
  () => {
    const all = vitest.state.getFiles().flatMap(reasons)
    for (const reason of new Set(all)) {
      console.log(`${all.filter((one) => one === reason).length} skipped: ${reason}`)
    }
  }
