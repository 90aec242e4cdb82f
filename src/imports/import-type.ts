export const IMPORT_TYPES = ['users', 'events', 'transactions', 'segment-members', 'suppressions'] as const;
export type ImportType = (typeof IMPORT_TYPES)[number];

export const IMPORT_FORMATS = ['csv', 'ndjson'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];
