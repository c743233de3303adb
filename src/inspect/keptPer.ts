/** What is dear to make of an object, made once for as long as the object lives: files that have not changed are the same objects. */
export function keptPer<K extends object, V>(make: (of: K) => V): (of: K) => V {
  const kept = new WeakMap<K, { readonly value: V }>();
  return of => {
    const known = kept.get(of) ?? { value: make(of) };
    kept.set(of, known);
    return known.value;
  };
}
