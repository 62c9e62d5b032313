import type * as KeyValueStore from "@effect/platform/KeyValueStore"
import type { PlatformError } from "@effect/platform/Error"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** The text under a key, `undefined` for none. */
export const textAt = (
  store: KeyValueStore.KeyValueStore,
  key: string
): Effect.Effect<string | undefined, PlatformError> => Effect.map(store.get(key), Option.getOrUndefined)
