import { pathSegment } from "../../platform/PathSegment.ts"

/**
 * A key as one segment of a path.
 *
 * What a segment cannot carry is base64url behind a tilde: nothing, what a URL takes for a step in the tree, a letter whose lower case is
 * longer (routers that compare without case lose their place), and what begins with a tilde itself.
 */
export const PathKey = pathSegment((key) => /^(\.{0,2}$|~)|\u0130/.test(key))
