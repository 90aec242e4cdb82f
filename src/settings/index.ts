export { SettingsModule } from './settings.module.js';
export { SettingsService } from './settings.service.js';
export { DEFAULT_SETTINGS, type ConsentModel, type Settings } from './settings.js';
