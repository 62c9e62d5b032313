/** What stands where something else must. */
export const named = (data: unknown): string => {
  if (data === null) return "null"
  if (Array.isArray(data)) return "an array"
  if (typeof data === "number") return String(data)
  return typeof data === "string" ? JSON.stringify(data) : typeof data
}
