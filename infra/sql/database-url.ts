/** What a database URL names, and how it is shown: a password in it never is. */

export type DatabaseUrl =
  | { readonly adapter: 'sqlite'; readonly file: string }
  | { readonly adapter: 'postgres'; readonly url: string }

/** `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; undefined is neither. */
export const parseDatabaseUrl = (url: string): DatabaseUrl | undefined => {
  const file = /^sqlite:(.+)$/.exec(url)?.[1]
  if (file !== undefined) return { adapter: 'sqlite', file }
  return isPostgresUrl(url) ? { adapter: 'postgres', url } : undefined
}

const isPostgresUrl = (url: string): boolean => {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) return false
  const { hostname, pathname } = new URL(url)
  return hostname !== '' && /^\/[^/]+$/.test(pathname)
}

/** The server, the database and the user. */
export const serverOf = (url: string): string => {
  const { username, host, pathname } = new URL(url)
  return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`
}

/** Any text, with a mark in place of a password that stands before an @. */
export const withoutPasswords = (text: string): string => text.replace(/(\/\/[^/\s:@]*):[^\s]*@/g, '$1:…@')
