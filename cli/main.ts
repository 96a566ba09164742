/** The command line: `flexledger <noun> <verb>`. */
import { CommanderError } from 'commander'
import { isFlexError } from '../infra/errors.ts'
import { exitCode, Finding, UsageError } from './output.ts'
import { program } from './program.ts'

const tell = (text: string): void => {
  process.stderr.write(`flexledger: ${text}\n`)
}

try {
  await program().parseAsync(process.argv)
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage
  else if (error instanceof UsageError) {
    tell(error.message)
    process.exitCode = exitCode.usage
  } else if (error instanceof Finding) {
    tell(error.message)
    process.exitCode = exitCode.finding
  } else if (isFlexError(error)) {
    tell(`${error.code}: ${error.message}`)
    process.exitCode = error.code === 'FLEX_CONFIG_INVALID' ? exitCode.usage : exitCode.operating
  } else {
    tell(error instanceof Error ? (error.stack ?? error.message) : String(error))
    process.exitCode = exitCode.operating
  }
}
