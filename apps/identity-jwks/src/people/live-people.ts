import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PEOPLE_CHANNEL } from '@behavry/db-control';
import { Clock, PgNotifications, PlaneState, ServiceContext } from '@behavry/platform';
import { PeopleStore } from './people-store';

const RETRY_MS = 1_000;
/** What is told is compared so often, for a notification that was lost or a replica of an older version that spoke last. */
const COMPARE_MS = 30_000;

/**
 * Tells the plane who may act, by what and since when tokens count, so that a disabled person, another role, a new
 * password, an ended session or a suspended tenant works at once and everywhere. The database notifies of each change at
 * its commit.
 */
@Injectable()
export class LivePeople implements OnModuleInit {
  #last: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly context: ServiceContext,
    private readonly people: PeopleStore,
    private readonly notifications: PgNotifications,
    private readonly state: PlaneState,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.notifications.listen(PEOPLE_CHANNEL, () => void this.tell());
    const compare = setInterval(() => void this.tell(), COMPARE_MS);
    compare.unref();
    this.context.onClose('live people', () => {
      clearInterval(compare);
      clearTimeout(this.#retry);
      return this.#last;
    });
    await this.publish();
  }

  /** Reads the database after the call began and tells what is new; older never follows newer, of any replica. */
  publish(): Promise<void> {
    const mine = this.#publish();
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** The same after a change that stands already: when it fails it is tried again until it is told. */
  async tell(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      await this.publish();
    } catch (error) {
      this.context.log.error({ err: error }, 'a change of who may sign in is not in force yet; trying again');
      this.#retry = setTimeout(() => void this.tell(), RETRY_MS);
      this.#retry.unref();
    }
  }

  async #publish(): Promise<void> {
    await this.state.update('people', async (present) => {
      const people = await this.people.live(new Date(this.clock.now()));
      return JSON.stringify(present) === JSON.stringify(people) ? undefined : people;
    });
  }
}
