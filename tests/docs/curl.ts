/**
 * The little of curl that the pages use, so that their test needs nothing that the machine may not have. A flag that it does
 * not know is an error: then it is added here, or left out of the page.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: 'boolean', short: 's' },
    'no-buffer': { type: 'boolean', short: 'N' },
    'max-time': { type: 'string' },
    user: { type: 'string', short: 'u' },
    data: { type: 'string', short: 'd' },
    request: { type: 'string', short: 'X' },
    header: { type: 'string', short: 'H', multiple: true }
  }
})

const headers = new Headers(
  (values.header ?? []).map((header): [string, string] => {
    const colon = header.indexOf(':')
    return [header.slice(0, colon), header.slice(colon + 1).trim()]
  })
)
if (values.user !== undefined) headers.set('authorization', `Basic ${btoa(values.user)}`)
const body = values.data?.startsWith('@') ? readFileSync(values.data.slice(1)) : values.data
if (body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/x-www-form-urlencoded')

// Who reads has seen enough (`| head`).
process.stdout.on('error', () => process.exit(23))

try {
  const answer = await fetch(positionals[0] ?? '', {
    method: values.request ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    ...(body === undefined ? {} : { body }),
    ...(values['max-time'] === undefined ? {} : { signal: AbortSignal.timeout(Number(values['max-time']) * 1_000) })
  })
  for await (const bytes of answer.body ?? []) process.stdout.write(bytes)
} catch (error) {
  process.stderr.write(`curl: ${error instanceof Error ? error.message : error}\n`)
  process.exit(error instanceof Error && error.name === 'TimeoutError' ? 28 : 7)
}
