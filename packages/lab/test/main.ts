/** The command line on the small catalogue, as a process of its own. */
import { catalogue } from "./catalogue.ts"
import { start } from "../src/cli/Start.ts"

start(catalogue, new URL("./catalogue.ts", import.meta.url))
