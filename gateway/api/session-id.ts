/** A session id carries its PoM, so whoever has the id knows the partition. Assumes the shape was checked. */
export const pomOf = (sessionId: string): string => sessionId.split('.')[2]!
