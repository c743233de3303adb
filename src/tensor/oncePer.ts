/**
 * What is dear to make, made once in a thread for each plain description of it. Descriptions are compared by their JSON. A promise
 * that fails is not kept.
 */
export function oncePer<S, T>(make: (of: S) => T): (of: S) => T {
  const made = new Map<string, T>();
  return of => {
    const key = JSON.stringify(of);
    if (made.has(key)) return made.get(key)!;
    const fresh = make(of);
    made.set(key, fresh);
    if (fresh instanceof Promise) fresh.catch(() => made.delete(key));
    return fresh;
  };
}
