/** `pnpm lab`. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { catalogue } from "./Catalogue.ts"
import { main } from "./cli/Cli.ts"
import { Lab } from "./cli/Lab.ts"

main(process.argv).pipe(
  Effect.provideService(Lab, { catalogue, module: new URL("./Catalogue.ts", import.meta.url).href }),
  Effect.provide(NodeContext.layer),
  NodeRuntime.runMain({
    disableErrorReporting: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? 0 : Cause.isInterruptedOnly(exit.cause) ? 130 : 1)
  })
)
