-- One line per table, sequence and large object set: the number of rows and a sum of hashes that does not depend on their order.
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' '
SET client_min_messages = warning;
SELECT format('%I.%I', n.nspname, c.relname),
       (xpath('/row/x/text()', query_to_xml(format('SELECT count(*) || '' rows, sum '' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) AS x FROM %I.%I t', n.nspname, c.relname), false, true, '')))[1]
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname !~ '^(pg_|information_schema)'
ORDER BY 1;
SELECT schemaname || '.' || sequencename, last_value, increment_by FROM pg_sequences ORDER BY 1;
SELECT 'large objects', count(*) || ' with md5 ' || coalesce(md5(string_agg(md5(lo_get(oid)), '' ORDER BY oid)), '') FROM pg_largeobject_metadata;
SELECT 'indexes', count(*), 'constraints', (SELECT count(*) FROM pg_constraint), 'functions', (SELECT count(*) FROM pg_proc WHERE pronamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^(pg_|information_schema)')),
       'policies', (SELECT count(*) FROM pg_policy), 'triggers', (SELECT count(*) FROM pg_trigger)
FROM pg_index;
