export { MessageIds, type MessageRef } from './message-id.js';
export { PlanningModule } from './planning.module.js';
