/** Every link of a page leads to a file that is there and, behind a #, to one of its headings. */
import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import { filesBelow, textOf } from '../architecture/repository.ts'

const pages = filesBelow('').filter(path => path.endsWith('.md'))
const root = new URL('../../', import.meta.url)

/** As repositories on the web make them of headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')

const anchorsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading))

const linksIn = (text: string): readonly string[] =>
  [...text.replaceAll(/```.*?```/gs, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)

/** What is wrong with the links of a page, given what is where. */
const deadLinks = (path: string, text: string, isThere: (path: string) => boolean, textAt: (path: string) => string) =>
  linksIn(text).filter(link => {
    if (/^[a-z]+:/.test(link)) return false
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : posix.join(posix.dirname(path), file)
    if (!isThere(target)) return true
    return anchor !== undefined && !anchorsIn(textAt(target)).includes(anchor)
  })

t.test('no page links to what is not there', async t => {
  t.ok(pages.length > 100)
  const isThere = (path: string): boolean => existsSync(new URL(path, root))
  const found = pages.flatMap(path => deadLinks(path, textOf(path), isThere, textOf).map(link => `${path}: ${link}`))
  t.strictSame(found, [])
})

t.test('a link to a file or heading that does not exist is found, one in an example is none', async t => {
  const texts: Readonly<Record<string, string>> = {
    'docs/a.md':
      '[1](b.md) [2](b.md#one-and-two) [3](b.md#three) [4](c.md) [5](#own) [6](https://example.org)\n# Own\n',
    'docs/b.md': '## One and `two`!\n```\n[7](d.md)\n```\n'
  }
  const dead = (path: string) =>
    deadLinks(
      path,
      texts[path]!,
      target => target in texts,
      target => texts[target]!
    )
  t.strictSame(dead('docs/a.md'), ['b.md#three', 'c.md'])
  t.strictSame(dead('docs/b.md'), [])
})
