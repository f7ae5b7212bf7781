import { Module } from '@nestjs/common';

/** Nothing of the framework stands on the request path: routes are mounted raw. */
@Module({})
export class AppModule {}
