/** `pnpm lab`. */
import { catalogue } from "./Catalogue.ts"
import { start } from "./cli/Start.ts"

start(catalogue, new URL("./Catalogue.ts", import.meta.url))
