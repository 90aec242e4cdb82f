/** Spread of the simplex, relative to 1 + |value|, at which a round counts as finished. */
const RELATIVE_TOLERANCE = 1e-12;

export interface Minimum {
  readonly point: readonly number[];
  readonly value: number;
  readonly evaluations: number;
  /** False when the budget of evaluations ended the search. */
  readonly converged: boolean;
}

interface Vertex {
  readonly point: readonly number[];
  readonly value: number;
}

type Evaluate = (point: readonly number[]) => Vertex;

function along(from: readonly number[], to: readonly number[], factor: number): number[] {
  return from.map((value, i) => value + factor * ((to[i] ?? 0) - value));
}

function centroid(vertices: readonly Vertex[], dimensions: number): number[] {
  const sum = new Array<number>(dimensions).fill(0);
  for (const { point } of vertices) for (let i = 0; i < dimensions; i += 1) sum[i] = (sum[i] ?? 0) + (point[i] ?? 0);
  return sum.map((value) => value / vertices.length);
}

/** The replacement of the worst vertex, or null when the simplex has to shrink. */
function moveWorst(evaluate: Evaluate, center: readonly number[], best: Vertex, second: Vertex, worst: Vertex): Vertex | null {
  const reflected = evaluate(along(center, worst.point, -1));
  if (reflected.value < best.value) {
    const expanded = evaluate(along(center, worst.point, -2));
    return expanded.value < reflected.value ? expanded : reflected;
  }
  if (reflected.value < second.value) return reflected;
  const outside = reflected.value < worst.value;
  const contracted = evaluate(along(center, worst.point, outside ? -0.5 : 0.5));
  return contracted.value < Math.min(reflected.value, worst.value) ? contracted : null;
}

function descend(evaluate: Evaluate, start: Vertex, step: number, exhausted: () => boolean): Vertex {
  const dimensions = start.point.length;
  const simplex = [start, ...start.point.map((_, axis) => evaluate(start.point.map((v, i) => (i === axis ? v + step : v))))];
  const byValue = (a: Vertex, b: Vertex): number => a.value - b.value;
  simplex.sort(byValue);
  while (!exhausted()) {
    const best = simplex[0] as Vertex;
    const worst = simplex[dimensions] as Vertex;
    if (worst.value - best.value <= RELATIVE_TOLERANCE * (1 + Math.abs(best.value))) break;
    const others = simplex.slice(0, dimensions);
    const moved = moveWorst(evaluate, centroid(others, dimensions), best, simplex[dimensions - 1] as Vertex, worst);
    if (moved) simplex[dimensions] = moved;
    else for (let i = 1; i <= dimensions; i += 1) simplex[i] = evaluate(along(best.point, (simplex[i] as Vertex).point, 0.5));
    simplex.sort(byValue);
  }
  return simplex[0] as Vertex;
}

/**
 * Unconstrained minimum by the simplex of Nelder & Mead 1965, The Computer Journal 7(4), coefficients 1, 2, ½, ½.
 * Started again around each optimum until that no longer helps, because a simplex that has collapsed
 * onto a ridge (alpha and beta of a beta prior) reports a minimum that is none.
 * @param objective may return +∞ (or NaN, taken as +∞) outside its domain, but not at the start
 */
export function nelderMead(
  objective: (point: readonly number[]) => number,
  start: readonly number[],
  maxEvaluations = 20_000,
): Minimum {
  let evaluations = 0;
  const evaluate: Evaluate = (point) => {
    evaluations += 1;
    const value = objective(point);
    return { point, value: Number.isNaN(value) ? Infinity : value };
  };
  const exhausted = (): boolean => evaluations >= maxEvaluations;
  let best = descend(evaluate, evaluate(start), 0.5, exhausted);
  for (let step = 0.2; !exhausted(); step = Math.max(step / 2, 0.01)) {
    const next = descend(evaluate, best, step, exhausted);
    const gain = best.value - next.value;
    best = next;
    if (gain <= 10 * RELATIVE_TOLERANCE * (1 + Math.abs(best.value))) break;
  }
  return { ...best, evaluations, converged: !exhausted() };
}
