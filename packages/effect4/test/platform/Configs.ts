import { ConfigProvider, Effect } from "effect"

/** Runs with these as the environment. */
export const withEnv =
  (env: Readonly<Record<string, string>>) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(self, ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord({ ...env }))
