/**
 * The name that was probably meant. Distances are optimal-string-alignment edits, so that swapped neighbours count once.
 */

/** Edits (insert, delete, replace, swap neighbours) between two names. */
export function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(
        Math.min(replaced, row[j - 1]! + 1, rows[i - 1]![j]! + 1, swapped ? rows[i - 2]![j - 2]! + 1 : Infinity),
      );
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/** The nearest of `names`, or undefined where none is near (a third of its letters at most may differ, and at least one). */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '');
  const limit = Math.max(1, Math.floor(name.length / 3));
  const ranked = names
    .filter(candidate => Math.abs(plain(candidate).length - plain(name).length) <= limit)
    .map(candidate => ({ candidate, distance: editDistance(plain(name), plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= limit ? best.candidate : undefined;
}

/** How a message about an unknown name ends. */
export function meant(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined ? `there are ${names.join(', ')}` : `did you mean "${near}"?`;
}
