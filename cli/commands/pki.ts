/** `flexledger pki init` and `flexledger pki issue`: a development authority and its certificates in a folder. */
import { authorityIn, hasAuthority, issueInto } from '../../infra/pki/files.ts'
import { printJson, printText, UsageError } from '../output.ts'

interface Flags {
  readonly dir: string
  readonly json?: boolean
}

export const pkiInit = async (name: string, { dir, json }: Flags): Promise<void> => {
  if (hasAuthority(dir)) throw new UsageError(`${dir} has an authority already`)
  await asUsage(() => authorityIn(dir, name))
  if (json) printJson({ authority: name, dir })
  else printText(`authority ${name} in ${dir}`)
}

export const pkiIssue = async (
  name: string,
  { dir, json, server }: Flags & { readonly server?: readonly string[] }
): Promise<void> => {
  if (!hasAuthority(dir)) throw new UsageError(`${dir} has no authority; flexledger pki init makes one`)
  const issued = await asUsage(() =>
    issueInto(dir, { commonName: name, usages: server ? ['server', 'client'] : ['client'], sans: server ?? [] })
  )
  const { certificateFile, keyFile, bundleFile, authorityFile } = issued
  if (json) printJson({ name, certificateFile, keyFile, bundleFile, authorityFile })
  else
    printText(
      `certificate  ${certificateFile}\nkey          ${keyFile}\nbundle       ${bundleFile}\nauthority    ${authorityFile}`
    )
}

/** A name that cannot be one is wrong use of the command. */
const asUsage = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw error
  }
}
