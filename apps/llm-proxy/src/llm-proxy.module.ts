import { Module } from '@nestjs/common';

/** Nothing of this app is on Nest's request path: its routes are mounted beside it. */
@Module({})
export class LlmProxyModule {}
