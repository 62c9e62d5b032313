import type { Tree } from "./Tree.ts"

export const trees: ReadonlyArray<Tree> = [
  {
    from: "packages/effect3/src",
    to: "packages/effect4/src",
    only: ["platform/**", "internal/race.ts"],
    byHand: [
      "platform/**",
      "BuiltinBreaker.ts"
      // Not made yet: to be empty.
    ]
  },
  {
    from: "packages/effect3/test",
    to: "packages/effect4/test",
    only: ["platform/**", "attack/steppingClock.ts"],
    byHand: [
      "platform/**",
      "BuiltinBreaker*.test.ts",
      "builtin/**",
      // Not made yet: to be empty.
      "Composition.test.ts",
      "Conformance.test.ts",
      "Fleet.test.ts",
      "FleetConnection.test.ts",
      "FleetOfProcesses.test.ts",
      "FleetRecord.test.ts",
      "FleetRedis.test.ts",
      "FleetRefused.test.ts",
      "FleetStoreAway.test.ts",
      "InTransaction.test.ts",
      "NestedLayers.test.ts",
      "Snapshots.test-d.ts",
      "Snapshots.test.ts",
      "SnapshotsOnDisk.test.ts",
      "Transaction.test.ts",
      "attack/Backoff.test.ts",
      "attack/Clock.test.ts",
      "attack/Composition.test.ts",
      "attack/Defects.test.ts",
      "attack/FleetChaos.test.ts",
      "attack/FleetExchange.test.ts",
      "attack/FleetOnRedis.test.ts",
      "attack/FleetProbes.test.ts",
      "attack/HalfOpenGate.test.ts",
      "attack/Interruption.test.ts",
      "attack/Layers.test.ts",
      "attack/Reload.test.ts",
      "attack/Snapshot.test.ts",
      "attack/Transactions.test.ts",
      "attack/UnderWay.test.ts",
      "attack/Watchers.test.ts",
      "attack/fleet.ts",
      "attack/fleetChaos.ts",
      "attack/support.ts",
      "conformance.ts",
      "fleetMessages.ts",
      "fleetProcess.ts",
      "fleetSupport.ts",
      "passing.ts",
      "snapshotProcess.ts",
      "support.ts",
      "wallClock.ts"
    ]
  },
  {
    from: "examples/basics/src",
    to: "examples/effect4/src",
    only: ["platform/**"],
    byHand: [
      "platform/**",
      "19-rpc-client.ts",
      "20-sql-client.ts",
      "23-operators-api.ts",
      "29-effect-own-breaker.ts",
      "nodeSqlite.ts"
    ]
  }
]

/** Pages whose examples are shown for both. */
export const pages: ReadonlyArray<string> = ["README.md", "docs/*.md"]
