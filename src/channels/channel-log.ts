/** What the channels need of a logger; pino and Nest's own both fit. */
export interface ChannelLog {
  warn(message: string): void;
}
