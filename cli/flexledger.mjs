#!/usr/bin/env node
// Starts the command line with the Node.js that the project pins, whatever the machine has: older versions cannot run
// TypeScript directly.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const signals = ['SIGINT', 'SIGTERM']

const operatingError = text => {
  process.stderr.write(`flexledger: ${text}\n`)
  process.exit(3)
}

/** Its exit code, or the signal that ended it, becomes ours. */
const startPinned = () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const pinned = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node')
  const child = spawn(pinned, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code)
    for (const own of signals) process.removeAllListeners(own)
    process.kill(process.pid, signal)
  })
  child.on('error', error => operatingError(`the pinned Node.js does not start: ${error.message}`))
}

try {
  if (Number(process.versions.node.split('.')[0]) >= 24) await import('./main.ts')
  else startPinned()
} catch (error) {
  if (error.code !== 'MODULE_NOT_FOUND' && error.code !== 'ERR_MODULE_NOT_FOUND') throw error
  operatingError(`${error.message.split('\n')[0]}; run npm ci first`)
}
