import type { BoardSpec } from './board';
import * as exchange from './exchange-panels';
import { BACKLOG, BAD_FROM_ONE, CHAIN, HTTP, OPA, P, PENDING, STALE, rate, series, stat } from './panels';

export const OVERVIEW: BoardSpec = {
  uid: 'behavry-overview',
  title: 'Behavry: overview',
  about: 'Is anything wrong, and where?',
  rows: [
    [
      'Now',
      [
        stat(
          'Processes not answering',
          'short',
          'count by (plane) (up{job="behavry",plane=~"$plane"} == 0) or 0 * max by (plane) (up{job="behavry",plane=~"$plane"})',
          '{{plane}}',
          { steps: BAD_FROM_ONE },
        ),
        OPA,
        CHAIN,
        STALE,
        stat(
          'Licence',
          'short',
          `max by (plane, state) (behavry_license_state${P}) == 1`,
          '{{plane}} {{state}}',
          { words: { 1: 'is' } },
        ),
        stat(
          'Failures of the last hour',
          'percentunit',
          'behavry:exchange_failures:ratio_rate1h{plane=~"$plane"}',
          '{{plane}}',
          {
            about: 'Exchanges that failed for a reason in the plane; 0.1 % is the budget.',
            steps: [
              [null, 'green'],
              [0.001, 'orange'],
              [0.0144, 'red'],
            ],
          },
        ),
      ],
    ],
    ['Traffic', [exchange.RATE, exchange.OWN_TIME, BACKLOG]],
    ['People', [PENDING, HTTP]],
    [
      'Versions',
      [
        {
          title: 'What runs',
          kind: 'table',
          unit: 'short',
          width: 24,
          queries: [[`count by (plane, mode, app, version) (behavry_build_info${P})`, '']],
        },
      ],
    ],
  ],
};

export const PLANE: BoardSpec = {
  uid: 'behavry-plane',
  title: 'Behavry: a plane',
  about: 'The processes of a plane, their queues and what ties it to its control plane.',
  rows: [
    [
      'Health',
      [
        {
          title: 'Not ready, and why',
          kind: 'table',
          unit: 'short',
          width: 12,
          queries: [[`behavry_ready_check${P} == 0`, '']],
        },
        { ...series('Ready', 'short', [`sum by (app) (behavry_ready${P})`, '{{app}}']), width: 12 },
      ],
    ],
    [
      'Uplink',
      [
        series('Since the control plane was heard', 's', [
          `time() - max by (plane, call) (behavry_uplink_contact_timestamp_seconds${P})`,
          '{{plane}} {{call}}',
        ]),
        series('Calls to the control plane', 'reqps', [
          rate('behavry_uplink_calls_total', 'call, result'),
          '{{call}} {{result}}',
        ]),
        series('Age of the policies that decide', 's', [
          `time() - (min by (plane, proxy) (behavry_policy_revision_timestamp_seconds${P}) > 0)`,
          '{{plane}} {{proxy}}',
        ]),
        stat('Grace left', 's', `min by (plane) (behavry_license_grace_remaining_seconds${P})`, '{{plane}}', {
          steps: [
            [null, 'red'],
            [172_800, 'orange'],
            [604_800, 'green'],
          ],
        }),
        stat('Token refused', 'short', `max by (plane) (behavry_license_token_refused${P})`, '{{plane}}', {
          steps: BAD_FROM_ONE,
        }),
        stat(
          'Licence ends in',
          's',
          `(max by (plane) (behavry_license_expiry_timestamp_seconds${P}) > 0) - time()`,
          '{{plane}}',
        ),
      ],
    ],
    [
      'Queues and state',
      [
        series('Jobs that stand', 'short', [
          `max by (queue, state) (behavry_queue_depth_jobs${P})`,
          '{{queue}} {{state}}',
        ]),
        series('Jobs taken', 'ops', [
          rate('behavry_queue_jobs_total', 'queue, result'),
          '{{queue}} {{result}}',
        ]),
        series(
          'Something is wrong below',
          'short',
          [`max by (app, queue) (behavry_queue_connection_failing${P})`, '{{app}} {{queue}} fails'],
          [`sum by (name) (increase(behavry_plane_state_forged_total${P}[1h]))`, '{{name}} forged'],
        ),
        series('Since the state was read as a whole', 's', [
          `time() - min by (app) (behavry_plane_state_synchronised_timestamp_seconds${P})`,
          '{{app}}',
        ]),
      ],
    ],
    [
      'Processes',
      [
        series('CPU', 'percentunit', [rate('process_cpu_seconds_total', 'app'), '{{app}}']),
        series('Memory', 'bytes', [`sum by (app) (process_resident_memory_bytes${P})`, '{{app}}']),
        series('Event loop, 99 %', 's', [`max by (app) (nodejs_eventloop_lag_p99_seconds${P})`, '{{app}}']),
        HTTP,
        series('Time of requests, 99 %', 's', [
          exchange.quantile(0.99, 'behavry_http_request_duration_seconds', 'app'),
          '{{app}}',
        ]),
        series('Passwords hashed now', 'short', [
          `sum by (plane) (behavry_identity_password_hashing${P})`,
          '{{plane}}',
        ]),
      ],
    ],
  ],
};
