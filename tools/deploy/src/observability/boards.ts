import type { BoardSpec } from './board';
import { OVERVIEW, PLANE } from './plane-boards';
import { EXCHANGE, FLEET, RECORD } from './traffic-boards';

/** Every board, as `docker/observability/grafana/boards` holds them. */
export const BOARDS: readonly BoardSpec[] = [OVERVIEW, PLANE, EXCHANGE, RECORD, FLEET];
