#!/usr/bin/env node
// Starts the command line with the Node.js that the project pins, whatever the machine has: older versions cannot run
// TypeScript directly.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

if (Number(process.versions.node.split('.')[0]) >= 24) await import('./main.ts')
else {
  const pinned = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node')
  const child = spawn(pinned, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (signal) process.kill(process.pid, signal)
    else process.exit(code ?? 3)
  })
  child.on('error', error => {
    process.stderr.write(`flexledger needs Node.js 24; run npm ci first (${error.message})\n`)
    process.exit(3)
  })
}
