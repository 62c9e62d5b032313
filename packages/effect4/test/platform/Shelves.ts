import { Effect, Layer } from "effect"
import { KeyValueStore } from "effect/persistence"

/** What a store of texts does. */
export interface Shelf {
  readonly get: (name: string) => Effect.Effect<string | undefined>
  readonly set: (name: string, text: string) => Effect.Effect<void>
  readonly texts: Map<string, string>
}

export const layerOf = ({ get, set, texts }: Shelf): Layer.Layer<KeyValueStore.KeyValueStore> =>
  Layer.succeed(
    KeyValueStore.KeyValueStore,
    KeyValueStore.makeStringOnly({
      get,
      set,
      remove: (name) => Effect.sync(() => void texts.delete(name)),
      clear: Effect.sync(() => texts.clear()),
      size: Effect.sync(() => texts.size),
      keys: Effect.sync(() => [...texts.keys()])
    })
  )
