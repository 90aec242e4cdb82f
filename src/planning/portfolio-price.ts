/**
 * The price that a budget of messages puts on each of them. Pure. Under caps of each person and one budget over all, taking messages in
 * the order of their net worth while it is positive is optimal, because such caps are nested (a laminar family); the dual of the budget,
 * its shadow price λ, is the net worth at which the order is cut. Source: Pinterest's volume control (Zhao et al., KDD 2018) for
 * threshold and allocation; the optimality of greedy on laminar matroids is Edmonds 1971.
 */

/** Messages that would be sent at price 0: their net worth, and how many messages they stand for (1, or a sample's stride). */
export interface AskedMessages {
  readonly netWorth: number;
  readonly messages: number;
}

export interface PortfolioPrice {
  /** λ: sent is what is worth more; 0 where the budget is slack. */
  readonly price: number;
  /** Of the messages worth exactly λ this share, 0 to 1, is sent: people without a history of their own are worth the same to the last bit. */
  readonly tieShare: number;
}

/**
 * The price at which as many messages are expected to be sent as there is room for.
 * @param asked of positive net worth only, in any order
 * @param room messages, ≥ 0
 */
export function portfolioPrice(asked: readonly AskedMessages[], room: number): PortfolioPrice {
  const byWorth = new Map<number, number>();
  for (const { netWorth, messages } of asked) byWorth.set(netWorth, (byWorth.get(netWorth) ?? 0) + messages);
  let left = room;
  for (const [netWorth, messages] of [...byWorth].sort(([a], [b]) => b - a)) {
    if (messages > left) return { price: netWorth, tieShare: left / messages };
    left -= messages;
  }
  return { price: 0, tieShare: 0 };
}
