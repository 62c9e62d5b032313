import type * as Effect from "effect/Effect"
import type * as KeyValueStore from "effect/persistence/KeyValueStore"

/** The text under a key, `undefined` for none. */
export const textAt = (
  store: KeyValueStore.KeyValueStore,
  key: string
): Effect.Effect<string | undefined, KeyValueStore.KeyValueStoreError> => store.get(key)
