// How readers agree on the names of members: some take other spellings of them for the same.

/** Member names as their folded forms tell them apart. */
export type Names = ReadonlyMap<string, string>;

/** @param names apart by spaces */
export function namesOf(names: string): Names {
  return new Map(names.split(' ').map((name) => [folded(name), name]));
}

/** @returns names apart by spaces, each also in the other form that Google's servers take */
export function bothForms(names: string): ReadonlySet<string> {
  return new Set(names.split(' ').flatMap((name) => [name, snakeOf(name)]));
}

/**
 * Reads an object whose members have a name in one form: some readers take any case for it, and Google's either of two
 * forms.
 * @param takes the form that a member may have beside the one of `names`
 * @returns the members of those names, under them, and whether there are others; undefined when one comes twice or in a
 * form that not all readers know
 */
export function membersOf(
  holder: Readonly<Record<string, unknown>>,
  names: Names,
  takes: 'snake' | 'none' = 'none',
): { readonly members: Readonly<Record<string, unknown>>; readonly hasOthers: boolean } | undefined {
  const members: Record<string, unknown> = {};
  let hasOthers = false;
  for (const key of Object.keys(holder)) {
    const name = names.get(folded(key));
    if (name === undefined) {
      hasOthers = true;
      continue;
    }
    const isKnownForm = key === name || (takes === 'snake' && key === snakeOf(name));
    if (!isKnownForm || Object.hasOwn(members, name)) return undefined;
    members[name] = holder[key];
  }
  return { members, hasOthers };
}

/** Whether a name is one of the known in a spelling that some readers take for it. */
export function isOtherSpelling(name: string, known: ReadonlySet<string>): boolean {
  const own = folded(name);
  for (const each of known) if (each !== name && folded(each) === own) return true;
  return false;
}

/** @returns `googleSearch` for `google_search` */
export function camelOf(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_whole, letter: string) => letter.toUpperCase());
}

function snakeOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

// First up and then down: so do also letters fold that look otherwise, as the long s.
function folded(name: string): string {
  return name.replaceAll('_', '').toUpperCase().toLowerCase();
}
