// eslint-disable-next-line @typescript-eslint/triple-slash-reference -- the ambient types must reach every project that follows this file
/// <reference path="./class-transformer-storage.d.ts" />
import { writeFile } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage';
import { ValidationTypes } from 'class-validator';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import type { ServiceConfig } from '../config/service-config';
import { PlaneKeys } from '../keys/plane-keys';
import { createLogger } from '../logging/logger';
import { createAdapter } from './configure-app';
import { rootModule } from './create-service';
import { ServiceContext } from './service-context';
import type { ServiceDefinition } from './service-definition';

/**
 * Writes the app's OpenAPI document: paths from its controllers, schemas from the validation of its
 * bodies. Needs no configuration and opens no connection (lifecycle: traps).
 */
export async function writeOpenApi<C extends ServiceConfig>(
  definition: ServiceDefinition<C>,
  version: string,
  file: string,
): Promise<void> {
  const config = new definition.config();
  const log = createLogger(definition.app, 'silent', {});
  const context = new ServiceContext(definition.app, version, config, new PlaneKeys(Buffer.alloc(32)), log);
  const app = await NestFactory.create<NestFastifyApplication>(
    rootModule(definition, context),
    createAdapter(config),
    {
      preview: true,
      logger: false,
      abortOnError: false,
    },
  );
  const document = SwaggerModule.createDocument(
    app,
    new DocumentBuilder().setTitle(`Behavry ${definition.app}`).setVersion(version).addBearerAuth().build(),
  );
  const validated = validationMetadatasToSchemas({
    classTransformerMetadataStorage: defaultMetadataStorage,
    refPointerPrefix: '#/components/schemas/',
    // A rule of our own says nothing that a schema could: what a member is stands in the decorators beside it.
    additionalConverters: { [ValidationTypes.CUSTOM_VALIDATION]: {} },
  });
  const schemas = document.components?.schemas ?? {};
  for (const name of Object.keys(schemas))
    Object.assign(schemas, { [name]: validated[name] ?? schemas[name] });
  await writeFile(file, `${JSON.stringify(document, null, 2)}\n`);
}
