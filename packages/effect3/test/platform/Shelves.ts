import { KeyValueStore } from "@effect/platform"
import { Effect, Layer, Option } from "effect"

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
      get: (name) => Effect.map(get(name), Option.fromNullable),
      set,
      remove: (name) => Effect.sync(() => void texts.delete(name)),
      clear: Effect.sync(() => texts.clear()),
      size: Effect.sync(() => texts.size)
    })
  )
