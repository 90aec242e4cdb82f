export { contextOfUser, type RenderContext, type RenderScores, type RenderUser, type RenderUserRow } from './render-context.js';
export type { RenderResult, RenderedEmail, RenderedPush } from './render-result.js';
export type { TemplateChannel } from './template-fields.js';
export type { TemplateRow } from './template-store.js';
export { TemplateRenderer, type RenderRequest } from './template-renderer.js';
export { Templates } from './templates.js';
export { TemplatesModule } from './templates.module.js';
