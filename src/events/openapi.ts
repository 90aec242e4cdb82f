/** Written by hand, because rows are read by hand. */
export const EVENTS_SCHEMA = {
  type: 'object', required: ['events'], additionalProperties: false,
  properties: {
    events: {
      type: 'array', maxItems: 1000,
      items: {
        type: 'object', required: ['eventId', 'userId', 'name', 'occurredAt'], additionalProperties: false,
        properties: {
          eventId: { type: 'string', minLength: 1, maxLength: 255, description: 'unique per user; the same one counts once' },
          userId: { type: 'string', minLength: 1, maxLength: 255 },
          name: { type: 'string', minLength: 1, maxLength: 255 },
          occurredAt: { type: 'string', format: 'date-time', description: 'at most 24 h ahead' },
          value: { type: 'number', description: 'major units; negative is a refund; not with an app key' },
          currency: { type: 'string', pattern: '^[A-Z]{3}$' },
          properties: { type: 'object', additionalProperties: true },
        },
      },
    },
  },
};
