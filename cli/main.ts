/** The command line: `flexledger <noun> <verb>`. What a command throws becomes a message and an exit code here. */
import { CommanderError } from 'commander'
import { isFlexError } from '../infra/errors.ts'
import { leaveOutKnownWarnings } from '../infra/telemetry/known-warnings.ts'
import { ProjectionError } from '../projections/runtime/projection-error.ts'
import { isSchemaError } from '../schemas/errors.ts'
import { exitCode, Finding, UsageError } from './output.ts'
import { program } from './program.ts'

const tell = (text: string): void => {
  process.stderr.write(`flexledger: ${text}\n`)
}

leaveOutKnownWarnings()

// Who reads may stop before the end (`flexledger log read … | head`); that is no error.
process.stdout.on('error', error => {
  if (!('code' in error) || error.code !== 'EPIPE') throw error
  process.exit(exitCode.done)
})

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
  } else if (isFlexError(error) || isSchemaError(error) || error instanceof ProjectionError) {
    // The code stands at the beginning of the message.
    tell(error.message)
    process.exitCode = error.code === 'FLEX_CONFIG_INVALID' ? exitCode.usage : exitCode.operating
  } else if (error instanceof Error && 'syscall' in error) {
    // From the operating system (a port that is taken, a folder that may not be written): where in the code says nothing.
    tell(error.message)
    process.exitCode = exitCode.operating
  } else {
    tell(error instanceof Error ? (error.stack ?? error.message) : String(error))
    process.exitCode = exitCode.operating
  }
}
