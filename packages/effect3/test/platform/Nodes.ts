import type { FileSystem, Path } from "@effect/platform"
import * as NodeContext from "@effect/platform-node/NodeContext"
import type { Layer } from "effect"

/** The files of the machine. */
export type Files = FileSystem.FileSystem | Path.Path

export const files: Layer.Layer<Files> = NodeContext.layer
