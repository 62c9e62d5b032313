/** `pnpm lab`. */
import { catalogue } from "./Catalogue.ts"
import { start } from "./cli/Start.ts"
import * as Walkthroughs from "./Walkthroughs.ts"

start(catalogue, new URL("./Catalogue.ts", import.meta.url), Walkthroughs.all)
