import { basename, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AUDIT_EVENTS_QUEUE } from '@behavry/contracts';
import { AbandonedSpools, FileSpool, SpoolSender, takeSpoolPlace } from '@behavry/pipeline';
import {
  PlaneSignalBus,
  QueueBroker,
  uuidv7,
  type ProxyConfig,
  type ServiceContext,
} from '@behavry/platform';
import { measureSpool } from './exchange-metrics';

/** What a proxy writes its records to. */
export interface ProxySpool {
  readonly spool: FileSpool;
  /** Name of its folder: no other process that shares the data folder has the same. */
  readonly place: string;
  /** Writes what waits, sends no more, and gives back all folders. */
  close(): Promise<void>;
}

const MEGABYTE = 1024 * 1024;
const SEGMENT_BYTES = 4 * MEGABYTE;
const LOOK_MS = 10_000;

/**
 * Takes a spool folder of this process's own and sends on what it holds, and what processes left that ended and share
 * the data folder.
 */
export async function openSpool(
  app: NestFastifyApplication,
  { config, clock, log, metrics, app: name }: ServiceContext<ProxyConfig>,
): Promise<ProxySpool> {
  const base = join(config.dataDir, 'spool', name);
  const maxBytes = config.spoolMaxMb * MEGABYTE;
  const open = (folder: string, onLost: () => void): Promise<FileSpool> =>
    FileSpool.open({
      folder,
      maxBytes,
      segmentBytes: Math.min(SEGMENT_BYTES, Math.ceil(maxBytes / 8)),
      now: () => clock.now(),
      makeId: () => uuidv7(clock.now()),
      pid: process.pid,
      onDamage: (damage) => {
        log.error({ ...damage }, 'audit: records on disk cannot be read any more; the others are kept');
      },
      onLost,
    });
  const producer = app.get(QueueBroker).producer(AUDIT_EVENTS_QUEUE);
  const senderOf = (spool: FileSpool): SpoolSender =>
    new SpoolSender({
      spool,
      producer,
      onFailure: (error) => {
        log.warn({ err: error }, 'audit: a batch could not be sent and will be tried again');
      },
    });
  let place = '';
  const spool = await takeSpoolPlace(base, (folder) => {
    place = folder;
    return open(folder, () => {
      log.error(
        'audit: another process took the spool, because this one was silent; stopping, to start anew',
      );
      process.kill(process.pid, 'SIGTERM');
    });
  });
  const sender = senderOf(spool);
  const abandoned = new AbandonedSpools({
    base,
    own: place,
    open,
    sender: senderOf,
    onTaken: (folder, entries) => {
      log.info({ folder: basename(folder), entries }, 'audit: what an ended process left is sent on');
    },
  });
  const unwatch = app.get(PlaneSignalBus).on('audit.positions', ({ spools }) => {
    const position = spools[spool.id];
    if (position !== undefined) sender.acknowledge(position);
    abandoned.acknowledge(spools);
  });
  const look = (): void => {
    abandoned.look().catch((error: unknown) => {
      log.warn({ err: error }, 'audit: spools of ended processes could not be looked at; the next look will');
    });
  };
  const timer = setInterval(look, LOOK_MS).unref();
  measureSpool(metrics, name, spool, { maxBytes, now: () => clock.now(), abandoned });
  sender.start();
  look();
  return {
    spool,
    place: basename(place),
    close: async () => {
      clearInterval(timer);
      unwatch();
      await sender.stop();
      await spool.close();
      await abandoned.close();
    },
  };
}
