-- The main application's database: about 90 MB in the shapes that a Supabase project has.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app_owner') THEN CREATE ROLE app_owner NOLOGIN; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app_reader') THEN CREATE ROLE app_reader LOGIN PASSWORD 'reader-of-the-quickstart' CONNECTION LIMIT 5; END IF;
END $$;
GRANT app_owner TO postgres;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE SCHEMA audit;
CREATE TYPE app.plan AS ENUM ('free', 'pro', 'team');
CREATE DOMAIN app.email AS text CHECK (VALUE ~ '^[^@ ]+@[^@ ]+$');
CREATE SEQUENCE app.invoice_number START 20240001 INCREMENT 3;

CREATE TABLE app.users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email app.email UNIQUE NOT NULL,
    plan app.plan NOT NULL DEFAULT 'free',
    tags text[] NOT NULL DEFAULT '{}',
    profile jsonb NOT NULL,
    invoice bigint NOT NULL DEFAULT nextval('app.invoice_number'),
    created timestamptz NOT NULL
);
INSERT INTO app.users (email, plan, tags, profile, created)
SELECT 'user' || i || '@example.org', (ARRAY['free', 'pro', 'team'])[1 + i % 3]::app.plan,
       ARRAY['tag ' || i % 7, E'quote " and \\ and \t tab', 'ünïcode ' || chr(19968 + i % 500)],
       jsonb_build_object('name', 'User ' || i, 'score', i * 1.5, 'nested', jsonb_build_object('list', jsonb_build_array(i, NULL, i % 2 = 0))),
       '2024-01-01 00:00:00+00'::timestamptz + i * interval '97 seconds'
FROM generate_series(1, 40000) i;

CREATE TABLE app.documents (
    id uuid PRIMARY KEY,
    owner bigint REFERENCES app.users ON DELETE CASCADE,
    title text NOT NULL,
    body text,
    search tsvector GENERATED ALWAYS AS (to_tsvector('simple', left(title, 200))) STORED,
    embedding real[]
);
INSERT INTO app.documents (id, owner, title, body, embedding)
SELECT md5('doc' || i)::uuid, 1 + i % 40000, 'Document ' || i || ' about ' || md5((i % 100)::text),
       CASE WHEN i % 11 = 0 THEN NULL ELSE (SELECT string_agg(md5(i::text || ':' || k), E'\n') FROM generate_series(1, 20) k) END,
       ARRAY[i::real, sqrt(i)::real, 'NaN', '-Infinity']
FROM generate_series(1, 45000) i;
CREATE INDEX documents_search ON app.documents USING gin (search);
CREATE INDEX documents_title ON app.documents USING gin (title gin_trgm_ops);

CREATE TABLE app.events (id bigint NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, payload jsonb, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
SELECT format('CREATE TABLE app.events_%s PARTITION OF app.events FOR VALUES FROM (%L) TO (%L)', to_char(m, 'YYYY_MM'), m, m + interval '1 month')
FROM generate_series('2024-01-01 00:00+00'::timestamptz, '2024-06-01', '1 month') m \gexec
CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT;
INSERT INTO app.events
SELECT i, '2024-01-01 00:00+00'::timestamptz + i * interval '73 seconds', (ARRAY['login', 'upload', 'call'])[1 + i % 3],
       CASE WHEN i % 4 > 0 THEN jsonb_build_object('ip', '10.0.' || i % 256 || '.' || i % 199, 'ms', i % 1000) END
FROM generate_series(1, 250000) i;
CREATE INDEX events_kind ON app.events (kind, at);

CREATE TABLE audit.log (id bigserial PRIMARY KEY, who name DEFAULT current_user, what text, old bytea);
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit.log (what, old) VALUES (TG_OP || ' ' || TG_TABLE_NAME, convert_to(row_to_json(OLD)::text, 'UTF8'));
    RETURN NEW;
END $$;
CREATE TRIGGER users_audit AFTER UPDATE ON app.users FOR EACH ROW EXECUTE FUNCTION audit.note();
UPDATE app.users SET plan = 'team' WHERE id % 97 = 0;

CREATE VIEW app.active AS SELECT u.id, u.email, count(d.id) AS documents FROM app.users u LEFT JOIN app.documents d ON d.owner = u.id GROUP BY u.id;
CREATE MATERIALIZED VIEW app.per_plan AS SELECT plan, count(*) AS users, sum(invoice) AS invoices FROM app.users GROUP BY plan;
CREATE UNIQUE INDEX per_plan_key ON app.per_plan (plan);
ALTER TABLE app.documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY documents_of_owner ON app.documents TO app_reader USING (owner = 1);
GRANT USAGE ON SCHEMA app TO app_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA app TO app_reader;
COMMENT ON TABLE app.users IS E'Users.\nWith a second line, a ''quote'' and a \\ backslash';

-- large objects: avatars
CREATE TABLE app.avatars (user_id bigint PRIMARY KEY, image oid NOT NULL);
INSERT INTO app.avatars SELECT i, lo_from_bytea(0, (SELECT string_agg(sha256(convert_to(i || ':' || k, 'UTF8')), '') FROM generate_series(1, 1500) k)) FROM generate_series(1, 120) i;
ANALYZE;
