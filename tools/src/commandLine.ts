import { parseArgs, type ParseArgsConfig } from "node:util"

/** What the command line says. Ends the program if that is `--help`, or something that the program does not know. */
export const commandLine = <T extends ParseArgsConfig>(help: string, config: T): ReturnType<typeof parseArgs<T>> => {
  if (process.argv.includes("--help") || process.argv.includes("-h")) {
    console.log(help)
    process.exit()
  }
  try {
    return parseArgs(config)
  } catch (error) {
    return refuse(error)
  }
}

export const refuse = (error: unknown): never => {
  console.error(`${messageOf(error)}\nTry --help.`)
  process.exit(1)
}

/** Runs the program: what it throws is a finding to read, not a trace of its own code. */
export const run = async (program: () => void | Promise<void>): Promise<void> => {
  try {
    await program()
  } catch (error) {
    console.error(messageOf(error))
    process.exitCode = 1
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
