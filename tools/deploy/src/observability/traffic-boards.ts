import type { BoardSpec } from './board';
import * as exchange from './exchange-panels';
import { BACKLOG, BAD_FROM_ONE, CHAIN, P, PENDING, STALE, rate, series, stat } from './panels';

export const EXCHANGE: BoardSpec = {
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
};

export const RECORD: BoardSpec = {
  uid: 'behavry-record',
  title: 'Behavry: the record',
  about: 'From the spools of the proxies to the chain, and whether the chain is whole.',
  rows: [
    [
      'Chain',
      [
        CHAIN,
        stat('Verified up to', 'short', `max by (plane) (behavry_audit_chain_verified_seq${P})`, '{{plane}}'),
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
};

export const FLEET: BoardSpec = {
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
};
