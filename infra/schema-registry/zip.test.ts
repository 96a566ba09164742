import { crc32 } from 'node:zlib'
import t from 'tap'
import { zipOf } from './zip.ts'

t.test('an archive ends with a directory that leads to every file', async t => {
  const files = new Map([
    ['a.json', '{}'],
    ['folder/Straße.data', 'some text, twice; some text, twice']
  ])
  const zip = zipOf(files)
  const end = zip.length - 22
  t.equal(zip.readUInt32LE(end), 0x06054b50)
  t.equal(zip.readUInt16LE(end + 10), files.size)
  let at = zip.readUInt32LE(end + 16)
  for (const [name, text] of files) {
    t.equal(zip.readUInt32LE(at), 0x02014b50)
    const size = zip.readUInt32LE(at + 24)
    const nameLength = zip.readUInt16LE(at + 28)
    t.equal(zip.toString('utf8', at + 46, at + 46 + nameLength), name)
    const local = zip.readUInt32LE(at + 42)
    t.equal(zip.readUInt32LE(local), 0x04034b50)
    const begin = local + 30 + zip.readUInt16LE(local + 26)
    t.equal(zip.toString('utf8', begin, begin + size), text)
    t.equal(zip.readUInt32LE(at + 16), crc32(Buffer.from(text)))
    at += 46 + nameLength
  }
  t.equal(at, end)
})
