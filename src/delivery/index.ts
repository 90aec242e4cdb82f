export { DeliveryModule } from './delivery.module.js';
export { settleByEvidence } from './evidence.js';
export { LinkPort, type MessageLinks } from './link-port.js';
export { MessageIds, type MessageRef } from '../planning/index.js';
