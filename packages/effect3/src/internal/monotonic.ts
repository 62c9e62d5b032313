export { now, nowOf, spanTimeOf } from "../platform/Monotonic.ts"
