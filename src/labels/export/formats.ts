/** Formats that labels are exported in (export.ts), by the names of `recodi label --format`. */
export const FORMATS = ['recodi', 'ao', 'nla'] as const;
export type Format = (typeof FORMATS)[number];

export const DEFAULT_FORMATS: readonly Format[] = ['recodi', 'ao'];
