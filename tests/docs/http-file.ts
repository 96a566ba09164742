/**
 * The requests of an `.http` file, as the REST Client of Visual Studio Code reads it: variables (`@name = value`), requests
 * after `###`, a name after `# @name`, an empty line before the body. What the files use is understood, nothing else.
 */
export interface HttpRequest {
  readonly title: string
  readonly name: string | undefined
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** `given` stands for what only the moment of sending knows, and for variables that are replaced. */
export const requestsOf = (text: string, given: Readonly<Record<string, string>>): readonly HttpRequest[] => {
  const [head = '', ...parts] = text.split(/^### /m)
  const variables = new Map<string, string>()
  const filledIn = (line: string): string =>
    line.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
      const value = variables.get(name)
      if (value === undefined) throw new Error(`{{${name}}} is not defined`)
      return value
    })
  for (const [, name = '', value = ''] of head.matchAll(/^@(\w+) = (.*)$/gm))
    variables.set(name, given[name] ?? filledIn(value))
  return parts.map(part => requestOf(filledIn(part)))
}

const requestOf = (part: string): HttpRequest => {
  const [top = '', ...body] = part.split('\n\n')
  const [title = '', ...lines] = top.split('\n').filter(line => line !== '')
  const name = lines.map(line => /^# @name (\w+)$/.exec(line)?.[1]).find(found => found !== undefined)
  const [request = '', ...headers] = lines.filter(line => !line.startsWith('#'))
  const [method = '', url = ''] = request.split(' ')
  const text = body.join('\n\n').trim()
  return {
    title,
    name,
    method,
    url,
    headers: Object.fromEntries(
      headers.map(header => {
        const colon = header.indexOf(': ')
        return [header.slice(0, colon).toLowerCase(), header.slice(colon + 2)]
      })
    ),
    body: text === '' ? undefined : text
  }
}
