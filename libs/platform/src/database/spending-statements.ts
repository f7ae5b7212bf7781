/**
 * The tables of `PgPlaneSpending` and the functions by which they are changed. Logged: what was used in a month must
 * outlive a crash. Nobody waits for the disk, though: others wait for the row meanwhile, and what a crash takes is the
 * last second.
 *
 * Rows are locked in the order of their keys, so that two statements never wait for each other. Each statement in a
 * function sees what others have committed before it, so under the lock of its row a sum of reservations is whole.
 */
export const SPENDING_STATEMENTS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS plane.spending (
     key text CONSTRAINT spending_pk PRIMARY KEY,
     spent bigint NOT NULL,
     forgotten_at timestamptz NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS plane.spending_reservations (
     key text,
     id text,
     amount bigint NOT NULL,
     ends_at timestamptz NOT NULL,
     CONSTRAINT spending_reservations_pk PRIMARY KEY (key, id))`,
  'CREATE INDEX IF NOT EXISTS spending_reservations_ends_ix ON plane.spending_reservations (ends_at)',
  `CREATE TABLE IF NOT EXISTS plane.spending_settled (
     id text CONSTRAINT spending_settled_pk PRIMARY KEY,
     forgotten_at timestamptz NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS spending_settled_forgotten_ix ON plane.spending_settled (forgotten_at)',
  `CREATE OR REPLACE FUNCTION plane.reserve_spending(
     call_id text, hold_seconds float8, keys text[], limits bigint[], amounts bigint[], keep_seconds float8[])
   RETURNS TABLE (fits boolean, level float8)
   LANGUAGE plpgsql SET search_path = '' AS $body$
   DECLARE
     i int;
     has_spent bigint;
     is_held bigint;
     levels bigint[];
     all_fit boolean := true;
   BEGIN
     PERFORM set_config('synchronous_commit', 'off', true);
     FOR i IN SELECT n FROM generate_subscripts(keys, 1) AS n ORDER BY keys[n] COLLATE "C" LOOP
       LOOP
         SELECT s.spent INTO has_spent FROM plane.spending s WHERE s.key = keys[i] FOR UPDATE;
         EXIT WHEN FOUND;
         INSERT INTO plane.spending (key, spent, forgotten_at)
           VALUES (keys[i], 0, clock_timestamp() + make_interval(secs => keep_seconds[i])) ON CONFLICT DO NOTHING;
       END LOOP;
       SELECT coalesce(sum(r.amount), 0) INTO is_held
         FROM plane.spending_reservations r WHERE r.key = keys[i] AND r.ends_at > clock_timestamp();
       levels[i] := has_spent + is_held;
       all_fit := all_fit AND (limits[i] IS NULL OR levels[i] + amounts[i] <= limits[i]);
     END LOOP;
     FOR i IN SELECT generate_subscripts(keys, 1) LOOP
       IF all_fit AND amounts[i] > 0 THEN
         INSERT INTO plane.spending_reservations (key, id, amount, ends_at)
           VALUES (keys[i], call_id, amounts[i], clock_timestamp() + make_interval(secs => hold_seconds))
           ON CONFLICT DO NOTHING;
       END IF;
       fits := limits[i] IS NULL OR levels[i] + amounts[i] <= limits[i];
       level := levels[i];
       RETURN NEXT;
     END LOOP;
   END $body$`,
  `CREATE OR REPLACE FUNCTION plane.settle_spending(
     call_id text, remember_seconds float8, keys text[], amounts bigint[], keep_seconds float8[])
   RETURNS void
   LANGUAGE plpgsql SET search_path = '' AS $body$
   DECLARE
     i int;
   BEGIN
     PERFORM set_config('synchronous_commit', 'off', true);
     INSERT INTO plane.spending_settled (id, forgotten_at)
       VALUES (call_id, clock_timestamp() + make_interval(secs => remember_seconds)) ON CONFLICT DO NOTHING;
     IF NOT FOUND THEN
       RETURN;
     END IF;
     FOR i IN SELECT n FROM generate_subscripts(keys, 1) AS n ORDER BY keys[n] COLLATE "C" LOOP
       INSERT INTO plane.spending AS s (key, spent, forgotten_at)
         VALUES (keys[i], amounts[i], clock_timestamp() + make_interval(secs => keep_seconds[i]))
         ON CONFLICT (key) DO UPDATE SET spent = s.spent + excluded.spent,
           forgotten_at = greatest(s.forgotten_at, excluded.forgotten_at);
       DELETE FROM plane.spending_reservations r WHERE r.key = keys[i] AND r.id = call_id;
     END LOOP;
   END $body$`,
];
