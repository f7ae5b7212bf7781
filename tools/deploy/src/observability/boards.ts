import type { BoardSpec, PanelSpec } from './board';
import * as exchange from './exchange-panels';

const P = '{plane=~"$plane"}';
const rate = (metric: string, by: string, labels = P): string =>
  `sum by (${by}) (rate(${metric}${labels}[$__rate_interval]))`;
const series = (title: string, unit: string, ...queries: PanelSpec['queries']): PanelSpec => ({
  title,
  kind: 'timeseries',
  unit,
  queries,
});
const stat = (
  title: string,
  unit: string,
  expression: string,
  legend: string,
  more: Pick<PanelSpec, 'steps' | 'words' | 'about'> = {},
): PanelSpec => ({ title, kind: 'stat', unit, queries: [[expression, legend]], ...more });
const GOOD_AT_ONE = [
  [null, 'red'],
  [1, 'green'],
] as const;
const BAD_FROM_ONE = [
  [null, 'green'],
  [1, 'red'],
] as const;

const CHAIN = stat('Record', 'short', `min by (plane) (behavry_audit_chain_ok${P})`, '{{plane}}', {
  steps: GOOD_AT_ONE,
  words: { 0: 'broken', 1: 'whole' },
});
const OPA = stat('OPA', 'short', `min by (plane, proxy) (behavry_opa_answers${P})`, '{{plane}} {{proxy}}', {
  steps: GOOD_AT_ONE,
  words: { 0: 'denies everything', 1: 'decides' },
});
const STALE = stat(
  'Data planes not heard',
  'short',
  'max by (plane) (sum by (plane, instance) (behavry_fleet_data_planes{plane=~"$plane",state=~"stale|offline"}))',
  '{{plane}}',
  { steps: BAD_FROM_ONE },
);
const BACKLOG = series('Age of the oldest record that waits', 's', [
  `max by (plane, proxy) (behavry_spool_oldest_age_seconds${P})`,
  '{{plane}} {{proxy}}',
]);
const PENDING = series(
  'Calls that wait for a person',
  'short',
  [`max by (plane) (behavry_escalation_pending${P})`, '{{plane}} waiting'],
  [`max by (plane) (behavry_escalation_oldest_age_seconds${P}) / 60`, '{{plane}} minutes of the oldest'],
);
const HTTP = series('Requests of people and machines', 'reqps', [
  rate('behavry_http_request_duration_seconds_count', 'app, status'),
  '{{app}} {{status}}',
]);

/** Every board, as `docker/observability/grafana/boards` holds them. */
export const BOARDS: readonly BoardSpec[] = [
  {
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
  },
  {
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
          stat(
            'Grace left',
            's',
            `min by (plane) (behavry_license_grace_remaining_seconds${P})`,
            '{{plane}}',
            {
              steps: [
                [null, 'red'],
                [172_800, 'orange'],
                [604_800, 'green'],
              ],
            },
          ),
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
  },
  {
    uid: 'behavry-exchange',
    title: 'Behavry: the exchange',
    about: 'What agents ask, what is decided, what it costs.',
    rows: [
      [
        'Decisions',
        [exchange.RATE, { ...exchange.UNDER_WAY }, exchange.FAULTS, exchange.REASONS, exchange.REJECTIONS],
      ],
      ['Time', [exchange.OWN_TIME, exchange.DECISION_TIME, exchange.WHOLE_TIME]],
      [
        'Outcomes',
        [
          series('Outcomes', 'reqps', [
            rate('behavry_exchange_duration_seconds_count', 'proxy, outcome'),
            '{{proxy}} {{outcome}}',
          ]),
          series('Tokens of models', 'short', [
            rate('behavry_llm_proxy_tokens_total', 'side'),
            '{{side}} per second',
          ]),
          series('Messages nobody was given', 'reqps', [
            rate('behavry_mcp_proxy_dropped_messages_total', 'plane'),
            '{{plane}}',
          ]),
        ],
      ],
      [
        'Error budget',
        [
          {
            ...series(
              'Failures that lie in the plane',
              'percentunit',
              ['behavry:exchange_failures:ratio_rate5m{plane=~"$plane"}', '{{plane}} 5 min'],
              ['behavry:exchange_failures:ratio_rate1h{plane=~"$plane"}', '{{plane}} 1 h'],
              ['behavry:exchange_failures:ratio_rate6h{plane=~"$plane"}', '{{plane}} 6 h'],
            ),
            width: 24,
          },
        ],
      ],
      [
        'People',
        [
          PENDING,
          series('Claims refused for a full queue', 'reqps', [
            rate('behavry_escalation_claims_refused_total', 'plane'),
            '{{plane}}',
          ]),
        ],
      ],
    ],
  },
  {
    uid: 'behavry-record',
    title: 'Behavry: the record',
    about: 'From the spools of the proxies to the chain, and whether the chain is whole.',
    rows: [
      [
        'Chain',
        [
          CHAIN,
          stat(
            'Verified up to',
            'short',
            `max by (plane) (behavry_audit_chain_verified_seq${P})`,
            '{{plane}}',
          ),
          stat(
            'Verified',
            's',
            `time() - max by (plane) (behavry_audit_chain_verified_at_seconds${P})`,
            '{{plane}} ago',
          ),
          stat(
            'Read as a whole',
            's',
            `time() - max by (plane) (behavry_audit_chain_whole_verified_at_seconds${P})`,
            '{{plane}} ago',
          ),
          stat(
            'It took',
            's',
            `max by (plane) (behavry_audit_chain_verification_duration_seconds${P})`,
            '{{plane}}',
          ),
          stat(
            'Set aside today',
            'short',
            `sum by (plane) (increase(behavry_audit_writer_rejected_entries_total${P}[24h]))`,
            '{{plane}}',
            { steps: BAD_FROM_ONE },
          ),
        ],
      ],
      [
        'Spools',
        [
          BACKLOG,
          series('Records that wait', 'short', [
            `sum by (plane, proxy) (behavry_spool_records${P})`,
            '{{plane}} {{proxy}}',
          ]),
          series(
            'Size',
            'percentunit',
            [
              `max by (plane, proxy) (behavry_spool_bytes${P} / behavry_spool_limit_bytes${P})`,
              '{{plane}} {{proxy}} filled',
            ],
            [`max by (plane, proxy) (behavry_spool_refusing${P})`, '{{plane}} {{proxy}} refuses'],
          ),
        ],
      ],
      [
        'Writer',
        [
          series('Rows', 'ops', [rate('behavry_audit_writer_rows_total', 'plane'), '{{plane}}']),
          series(
            'From decision to row',
            's',
            [exchange.quantile(0.5, 'behavry_audit_writer_lag_seconds', 'plane'), '{{plane}} median'],
            [exchange.quantile(0.99, 'behavry_audit_writer_lag_seconds', 'plane'), '{{plane}} 99 %'],
          ),
          series('A batch', 's', [
            exchange.quantile(0.99, 'behavry_audit_writer_batch_duration_seconds', 'plane'),
            '{{plane}} 99 %',
          ]),
          series('Since the last row', 's', [
            `time() - (max by (plane) (behavry_audit_writer_committed_timestamp_seconds${P}) > 0)`,
            '{{plane}}',
          ]),
          series(
            'What does not fit',
            'short',
            [
              `sum by (plane) (increase(behavry_audit_writer_orphan_outcomes_total${P}[1h]))`,
              '{{plane}} outcomes alone',
            ],
            [`sum by (plane) (increase(behavry_audit_writer_gap_batches_total${P}[1h]))`, '{{plane}} gaps'],
          ),
        ],
      ],
    ],
  },
  {
    uid: 'behavry-fleet',
    title: 'Behavry: the fleet',
    about: 'The data planes as their control plane sees them, and what it serves them.',
    rows: [
      [
        'Data planes',
        [
          STALE,
          stat(
            'Run older policies',
            'short',
            `max by (plane) (behavry_fleet_data_planes_behind${P})`,
            '{{plane}}',
            {
              steps: [
                [null, 'green'],
                [1, 'orange'],
              ],
            },
          ),
          stat(
            'Heard',
            'short',
            'max by (plane) (behavry_fleet_data_planes{plane=~"$plane",state="healthy"})',
            '{{plane}}',
          ),
          {
            ...series('By state', 'short', [
              `max by (plane, state) (behavry_fleet_data_planes${P})`,
              '{{plane}} {{state}}',
            ]),
            width: 12,
          },
          {
            ...series('Changes', 'short', [
              `sum by (state) (increase(behavry_fleet_state_changes_total${P}[10m]))`,
              'to {{state}}',
            ]),
            width: 12,
          },
        ],
      ],
      [
        'Bundles',
        [
          series('Answers to polls', 'reqps', [
            rate('behavry_bundle_requests_total', 'part, status'),
            '{{part}} {{status}}',
          ]),
          series('Bytes sent', 'Bps', [rate('behavry_bundle_bytes_total', 'part'), '{{part}}']),
          series('Polls held', 'short', [`sum by (plane) (behavry_bundle_waiters${P})`, '{{plane}}']),
          series('A build, 99 %', 's', [
            exchange.quantile(0.99, 'behavry_bundle_build_duration_seconds', 'part'),
            '{{part}}',
          ]),
          series('Builds', 'ops', [
            rate('behavry_bundle_build_duration_seconds_count', 'part, result'),
            '{{part}} {{result}}',
          ]),
        ],
      ],
    ],
  },
];
