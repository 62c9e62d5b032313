/** Runs the command line as a process: its exit code is 0, 1 for an error, 130 when it was stopped. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Catalogue } from "../Catalogue.ts"
import type { Walkthrough } from "../Walkthrough.ts"
import { main } from "./Cli.ts"
import { Lab } from "./Lab.ts"

export const start = (catalogue: Catalogue, module: URL, walkthroughs: ReadonlyArray<Walkthrough> = []): void =>
  main(process.argv).pipe(
    Effect.provideService(Lab, { catalogue, module: module.href, walkthroughs }),
    Effect.provide(NodeContext.layer),
    NodeRuntime.runMain({
      disableErrorReporting: true,
      teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? 0 : Cause.isInterruptedOnly(exit.cause) ? 130 : 1)
    })
  )
