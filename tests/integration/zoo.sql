-- A database with one of everything that dumps have tripped over. Loaded with psql into an empty database.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE SCHEMA app; CREATE SCHEMA "We""ird Schema";
COMMENT ON SCHEMA app IS 'it''s the app; \. and $$ too';

/* pab_zoo */ CREATE EXTENSION pab_zoo SCHEMA app;
/* pab_zoo */ INSERT INTO app.srs VALUES (2001, 'mine'), (2002, E'tab\there'); INSERT INTO app.notes VALUES ('a note'), (NULL);
CREATE TYPE app.mood AS ENUM ('sad', 'so so', 'happy''s');
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE TYPE app.pair AS (a int, b text);
CREATE TYPE app.span AS RANGE (subtype = float8);
CREATE FUNCTION app.twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS $f$ SELECT i * 2; -- ; \. $$
$f$;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN NEW.touched := coalesce(NEW.touched, 0) + 1; RETURN NEW; END $body$;
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE OPERATOR app.<<>> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl);
CREATE COLLATION app.plain FROM "C";

CREATE TABLE app.big (
    id bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 5), n app.positive, m app.mood, p app.pair, s app.span, ps app.pair[],
    body text, doc jsonb, raw bytea, tags text[], at timestamptz, day date, iv interval, num numeric(30, 10), f float8, ip inet, u uuid,
    twice int GENERATED ALWAYS AS (app.twice(n)) STORED, touched int, gone text, ci citext, x xml, b bit varying(20), t tsvector, pt point);
INSERT INTO app.big (n, m, p, s, ps, body, doc, raw, tags, at, day, iv, num, f, ip, u, ci, x, b, t, pt)
SELECT i, (ARRAY['sad', 'so so', 'happy''s'])[1 + i % 3]::app.mood, (i, 'b,"' || i)::app.pair, app.span(i, i + 0.5), ARRAY[(i, 'x')::app.pair, NULL],
    CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'\\.' WHEN 3 THEN E'a\tb\nc\rd\\e' WHEN 4 THEN E'\\N' ELSE repeat(md5(i::text), i % 40) END,
    jsonb_build_object('i', i, 'l', ARRAY[i, i + 1], 'n', NULL, 's', E'\u00e9\n"'), decode(md5(i::text), 'hex'), ARRAY['a b', '"', NULL, E'\\'],
    '2024-01-01 00:00Z'::timestamptz + i * interval '1 minute', '2000-01-01'::date + i, i * interval '1 day 2 seconds', i / 7.0, CASE i % 50 WHEN 0 THEN 'NaN' WHEN 1 THEN '-Infinity' ELSE i / 3.0 END,
    ('10.0.' || i % 250 || '.1')::inet, md5(i::text)::uuid, 'MiXed' || i, ('<a b="' || i || '"/>')::xml, i::bit(20), to_tsvector('simple', 'w' || i || ' other'), point(i, -i)
FROM generate_series(1, 20000) i;
ALTER TABLE app.big DROP COLUMN gone;
ALTER TABLE app.big ADD COLUMN late int DEFAULT 7, ADD PRIMARY KEY (id), ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN n SET STATISTICS 500;
CREATE INDEX big_trgm ON app.big USING gin (body gin_trgm_ops);
CREATE INDEX big_part ON app.big (n DESC NULLS LAST) INCLUDE (m) WHERE n % 2 = 0;
CREATE INDEX big_expr ON app.big ((doc->>'i'), lower(body) COLLATE app.plain);
CREATE STATISTICS app.big_stats (dependencies) ON n, m FROM app.big;
ALTER TABLE app.big CLUSTER ON big_pkey;
CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON app.big FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.big DISABLE TRIGGER touch;
COMMENT ON COLUMN app.big.body IS E'tab\there';

CREATE TABLE app.log (id serial, at date NOT NULL, t text) PARTITION BY RANGE (at);
CREATE TABLE app.log_2023 PARTITION OF app.log FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE app.log_2024 PARTITION OF app.log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (t);
CREATE TABLE app.log_2024_a PARTITION OF app.log_2024 FOR VALUES IN ('a');
CREATE TABLE app.log_rest PARTITION OF app.log_2024 DEFAULT;
CREATE TABLE app.log_default PARTITION OF app.log DEFAULT;
INSERT INTO app.log (at, t) SELECT '2023-06-01'::date + i % 900, chr(97 + i % 3) FROM generate_series(1, 30000) i;
CREATE INDEX ON app.log (t);
CREATE TABLE app.by_mood (m app.mood, v text) PARTITION BY HASH (m); -- rows hash differently in another database
CREATE TABLE app.by_mood_0 PARTITION OF app.by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.by_mood_1 PARTITION OF app.by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO app.by_mood SELECT (ARRAY['sad', 'so so', 'happy''s'])[1 + i % 3]::app.mood, repeat('v', i % 60) FROM generate_series(1, 30000) i;

CREATE TABLE app.parent (id int PRIMARY KEY, w text DEFAULT 'w'); CREATE TABLE app.heir (extra int) INHERITS (app.parent);
INSERT INTO app.parent SELECT i FROM generate_series(1, 500) i; INSERT INTO app.heir SELECT i, 'h', i FROM generate_series(1, 500) i;
CREATE TABLE app.egg (id int PRIMARY KEY, hen int); CREATE TABLE app.hen (id int PRIMARY KEY, egg int REFERENCES app.egg DEFERRABLE INITIALLY DEFERRED);
BEGIN; INSERT INTO app.egg VALUES (1, 1), (2, 2); INSERT INTO app.hen VALUES (1, 2), (2, 1); COMMIT;
ALTER TABLE app.egg ADD CONSTRAINT egg_hen FOREIGN KEY (hen) REFERENCES app.hen ON DELETE CASCADE NOT VALID;
CREATE TABLE app.booked (r int4range, EXCLUDE USING gist (r WITH &&)); INSERT INTO app.booked VALUES ('[1,5)'), ('[5,9)');
CREATE UNLOGGED TABLE app.scratch AS SELECT i, md5(i::text) FROM generate_series(1, 20000) i;
CREATE TABLE app.nothing (); INSERT INTO app.nothing DEFAULT VALUES; INSERT INTO app.nothing DEFAULT VALUES;
CREATE TABLE app.only_generated (a int GENERATED ALWAYS AS (1) STORED); INSERT INTO app.only_generated DEFAULT VALUES;
CREATE TABLE "We""ird Schema"."tab.le ""x"" 'y' \z %s" ("col umn" int, "SELECT" text, "ü" text); INSERT INTO "We""ird Schema"."tab.le ""x"" 'y' \z %s" VALUES (1, E'\\.', 'ü');
CREATE TABLE app."new
line; FROM stdin;
" ("col
umn" int, ") FROM stdin;
" text); INSERT INTO app."new
line; FROM stdin;
" SELECT i, E'\n\\.\n' || i FROM generate_series(1, 20000) i;
CREATE TABLE public."CamelCase" (id smallserial, v text); INSERT INTO public."CamelCase" (v) SELECT repeat('camel', 100) FROM generate_series(1, 2000);
CREATE TABLE public.copy (stdin text); INSERT INTO public.copy VALUES ('COPY public.copy (stdin) FROM stdin;'), (E'\\.');

CREATE SEQUENCE app.counter INCREMENT -3 MINVALUE -1000 MAXVALUE 100 START 50 CYCLE; SELECT nextval('app.counter'), nextval('app.counter');
CREATE VIEW app.v1 AS SELECT id, n, m FROM app.big WHERE n < 100 WITH LOCAL CHECK OPTION;
CREATE MATERIALIZED VIEW app.mv1 AS SELECT m, count(*) AS c FROM app.big GROUP BY m; CREATE UNIQUE INDEX ON app.mv1 (m);
CREATE MATERIALIZED VIEW app.mv2 AS SELECT sum(c) AS c FROM app.mv1; CREATE MATERIALIZED VIEW app.mv3 AS SELECT c + 1 AS c FROM app.mv2;
CREATE MATERIALIZED VIEW app.mv_empty AS SELECT 1 AS one WITH NO DATA;
CREATE RULE no_delete AS ON DELETE TO app.egg DO INSTEAD NOTHING;
CREATE ROLE zoo_reader; CREATE ROLE "zoo keeper's";
ALTER TABLE app.parent ENABLE ROW LEVEL SECURITY; ALTER TABLE app.parent FORCE ROW LEVEL SECURITY;
CREATE POLICY few ON app.parent FOR SELECT TO zoo_reader USING (id < 10);
GRANT USAGE ON SCHEMA app TO zoo_reader WITH GRANT OPTION; GRANT SELECT (id, n) ON app.big TO zoo_reader; GRANT SELECT ON app.v1 TO PUBLIC;
ALTER TABLE app.booked OWNER TO "zoo keeper's";
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO zoo_reader;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE PUBLICATION zoo_pub FOR TABLE app.egg, app.hen;
CREATE FUNCTION app.audit() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE DEBUG 'ddl'; END $$;
CREATE EVENT TRIGGER zoo_audit ON ddl_command_end EXECUTE FUNCTION app.audit();
CREATE CAST (app.pair AS text) WITH INOUT; CREATE TEXT SEARCH CONFIGURATION app.ts (COPY = simple);
CREATE FOREIGN DATA WRAPPER zoo_fdw; CREATE SERVER zoo_server FOREIGN DATA WRAPPER zoo_fdw OPTIONS (host 'x''y');
CREATE FOREIGN TABLE app.far (a int) SERVER zoo_server;
SELECT lo_from_bytea(990001, '\x00010203ff'::bytea), lo_from_bytea(990002, convert_to(repeat('large object ', 40000), 'UTF8')); COMMENT ON LARGE OBJECT 990001 IS 'blob';
GRANT SELECT ON LARGE OBJECT 990002 TO zoo_reader;
DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), 'the zoo''s'); EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''', current_database());
    EXECUTE format('GRANT CREATE ON DATABASE %I TO zoo_reader', current_database()); EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$;
