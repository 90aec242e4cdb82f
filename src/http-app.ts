import type { RequestListener } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { LoggerService } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { AppModule, type AppOptions } from './app.module.js';
import { FastPath } from './platform/fast-path/index.js';
import { readRawBody, requestId, securityHeaders, setHeaders } from './platform/http/index.js';

/** For a whole body to arrive; of a streamed one, for the next piece. */
const REQUEST_TIMEOUT_MS = 30_000;
const STREAMED = /^\/v1\/imports\/[^/]+\/file\/?$/;
const HEADERS_TIMEOUT_MS = 10_000;

/** The whole HTTP application, not yet listening: main starts it, tests too. */
export async function createHttpApp(options: AppOptions, logger: LoggerService | false): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(options), {
    bodyParser: false, logger, abortOnError: false,
  });
  app.disable('x-powered-by');
  // A hash over every answer, for clients that would ask again for what they have: none of ours do.
  app.set('etag', false);
  app.use(requestId(options.random));
  const standing = securityHeaders();
  app.use(setHeaders(standing));
  if (options.config.corsOrigins.length > 0) {
    app.enableCors({ origin: options.config.corsOrigins, methods: ['GET', 'PUT', 'POST'], maxAge: 600 });
  }
  if (!options.config.serves) app.use(operatingRoutesOnly);
  app.use(readRawBody({ timeoutMs: REQUEST_TIMEOUT_MS, streamed: STREAMED }));
  if (options.config.serves) SwaggerModule.setup('docs', app, openApi(app), { jsonDocumentUrl: 'docs/openapi.json', customSiteTitle: 'Rapport API' });
  const server = app.getHttpServer();
  // The reader of bodies has the time-out, because an upload may take an hour; the one for headers stays the server's.
  server.requestTimeout = 0;
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  if (options.config.serves) putFastPathBefore(app, options.config.corsOrigins.length > 0 ? [...standing, ['Vary', 'Origin']] : standing);
  return app;
}

function putFastPathBefore(app: NestExpressApplication, standing: readonly (readonly [string, string])[]): void {
  const server = app.getHttpServer();
  const [longWay] = server.listeners('request') as [RequestListener];
  server.removeListener('request', longWay);
  server.on('request', app.get(FastPath).before(longWay, { standing, bodyTimeoutMs: REQUEST_TIMEOUT_MS }));
}

/** A worker's port is for health checks and scrapers; the API is the `api` processes' business. */
function operatingRoutesOnly(request: Request, response: Response, next: NextFunction): void {
  if (/^\/(health|metrics)(\/|$)/.test(request.path)) return next();
  response.status(404).type('application/problem+json').send(JSON.stringify({
    type: 'about:blank', title: 'Not found', status: 404, detail: 'This process is a worker: the API is served elsewhere.',
  }));
}

export function openApi(app: NestExpressApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Rapport')
    .setDescription('Push campaigns that respect each user’s patience. Errors are problem+json (RFC 9457).')
    .setVersion('1')
    .addBearerAuth()
    .build();
  return SwaggerModule.createDocument(app, config);
}
