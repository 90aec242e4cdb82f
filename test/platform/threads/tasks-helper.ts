export const doubled = (value: number): number => 2 * value;
