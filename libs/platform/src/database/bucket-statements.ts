/**
 * The table of `PgPlaneBuckets` and the function by which it is changed. Unlogged: what a crash empties are counts of
 * the last minute, and a take costs no write-ahead log. Room in each page, and no index on what changes, lets a row
 * change in its place.
 *
 * Rows are locked in the order of their keys, so that two statements never wait for each other; the clock is read
 * under the lock, so that it never runs backwards for a bucket.
 */
export const BUCKET_STATEMENTS: readonly string[] = [
  `CREATE UNLOGGED TABLE IF NOT EXISTS plane.buckets (
     key text CONSTRAINT buckets_pk PRIMARY KEY,
     level double precision NOT NULL,
     filled_at timestamptz NOT NULL,
     full_at timestamptz NOT NULL) WITH (fillfactor = 50)`,
  `CREATE OR REPLACE FUNCTION plane.take_from_buckets(
     keys text[], capacities float8[], flows float8[], amounts float8[], leasts float8[])
   RETURNS TABLE (granted float8, wait_ms float8)
   LANGUAGE plpgsql SET search_path = '' AS $body$
   DECLARE
     i int;
     last_level float8;
     last_at timestamptz;
     moments timestamptz[];
     levels float8[];
     waits float8[];
     rest float8;
   BEGIN
     FOR i IN SELECT n FROM generate_subscripts(keys, 1) AS n ORDER BY keys[n] COLLATE "C" LOOP
       LOOP
         SELECT b.level, b.filled_at INTO last_level, last_at FROM plane.buckets b WHERE b.key = keys[i] FOR UPDATE;
         EXIT WHEN FOUND;
         INSERT INTO plane.buckets (key, level, filled_at, full_at)
           VALUES (keys[i], capacities[i], clock_timestamp(), clock_timestamp()) ON CONFLICT DO NOTHING;
       END LOOP;
       moments[i] := clock_timestamp();
       levels[i] := least(capacities[i],
         last_level + greatest(0, extract(epoch FROM moments[i] - last_at)::float8) * flows[i]);
       waits[i] := CASE WHEN amounts[i] > 0 AND levels[i] + 1e-6 < leasts[i]
         THEN ceil((leasts[i] - levels[i]) / flows[i] * 1000) ELSE 0 END;
     END LOOP;
     FOR i IN SELECT generate_subscripts(keys, 1) LOOP
       granted := CASE WHEN 0 < ANY (waits) THEN 0
         WHEN amounts[i] > 0 THEN least(amounts[i], floor(levels[i] + 1e-6)) ELSE amounts[i] END;
       IF granted <> 0 THEN
         rest := least(capacities[i], levels[i] - granted);
         UPDATE plane.buckets b SET level = rest, filled_at = moments[i],
             full_at = moments[i] + make_interval(secs => (capacities[i] - rest) / flows[i])
           WHERE b.key = keys[i];
       END IF;
       wait_ms := waits[i];
       RETURN NEXT;
     END LOOP;
   END $body$`,
];
