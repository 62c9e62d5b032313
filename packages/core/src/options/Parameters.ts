/** What data says of a thing beside the name of its kind. */
export const parametersOf = <Named extends { readonly type: string }>(named: Named): Omit<Named, "type"> => {
  const { type: _, ...rest } = named
  return rest
}
