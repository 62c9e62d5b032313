export { bounded } from "../platform/Bounded.ts"
