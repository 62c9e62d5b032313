import * as NodeServices from "@effect/platform-node/NodeServices"
import type { FileSystem, Layer, Path } from "effect"

/** The files of the machine. */
export type Files = FileSystem.FileSystem | Path.Path

export const files: Layer.Layer<Files> = NodeServices.layer
