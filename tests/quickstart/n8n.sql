-- A workflow engine's database: workflows, executions with large texts; about 50 MB.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE TABLE workflow_entity (id varchar(36) PRIMARY KEY, name varchar(128) NOT NULL, active boolean NOT NULL DEFAULT false, nodes json NOT NULL, connections json NOT NULL, "createdAt" timestamptz(3) NOT NULL, settings json, "versionId" char(36));
CREATE TABLE credentials_entity (id varchar(36) PRIMARY KEY, name varchar(128), data text NOT NULL, type varchar(128));
CREATE TABLE execution_entity (id serial PRIMARY KEY, finished boolean NOT NULL, mode varchar NOT NULL, "startedAt" timestamptz(3), "stoppedAt" timestamptz(3), "workflowId" varchar(36) REFERENCES workflow_entity ON DELETE CASCADE, status varchar NOT NULL);
CREATE TABLE execution_data ("executionId" integer PRIMARY KEY REFERENCES execution_entity ON DELETE CASCADE, "workflowData" json NOT NULL, data text NOT NULL);
CREATE TABLE "Odd name; with ""quotes""" ("Column ""x""" text, "select" integer, "emptyAndNull" text);
CREATE TABLE settings (key varchar PRIMARY KEY, value text, "loadOnStartup" boolean DEFAULT false);
CREATE UNLOGGED TABLE webhook_cache (path text PRIMARY KEY, hits integer);

INSERT INTO workflow_entity
SELECT md5(i::text)::uuid::text, 'Workflow ' || i, i % 3 = 0,
       (SELECT json_agg(json_build_object('id', md5(i || '-' || k), 'name', 'Node ' || k, 'type', 'n8n-nodes-base.code', 'parameters', json_build_object('jsCode', E'return [{"json": {"n": ' || k || E'}}];\n// \\ and ''quotes'''))) FROM generate_series(1, 12) k),
       '{}', '2024-02-01 08:00:00.123+00'::timestamptz + i * interval '1 day', '{"executionOrder": "v1"}', md5('v' || i)::uuid::text
FROM generate_series(1, 150) i;
INSERT INTO credentials_entity SELECT md5('c' || i)::uuid::text, 'Credential ' || i, encode(sha256(convert_to(i::text, 'UTF8')), 'base64'), 'httpBasicAuth' FROM generate_series(1, 40) i;
INSERT INTO execution_entity (finished, mode, "startedAt", "stoppedAt", "workflowId", status)
SELECT i % 20 > 0, 'trigger', t, t + interval '1.5 seconds', md5((1 + i % 150)::text)::uuid::text, CASE WHEN i % 20 > 0 THEN 'success' ELSE 'error' END
FROM (SELECT i, '2024-05-01 00:00:00+00'::timestamptz + i * interval '31 seconds' AS t FROM generate_series(1, 30000) i) x;
INSERT INTO execution_data
SELECT i, json_build_object('id', i), (SELECT string_agg('{"k":"' || md5(i || ' ' || k) || '","v":' || k || '}', ',') FROM generate_series(1, 25) k) FROM generate_series(1, 30000) i;
INSERT INTO "Odd name; with ""quotes""" VALUES (E'a\tb\nc\\d', 1, ''), ('\.', 2, NULL), (E'\\N', 3, ' '), (NULL, NULL, E'\r\n');
INSERT INTO settings VALUES ('userManagement.isInstanceOwnerSetUp', 'true', true), ('license.cert', repeat('x', 5000), false);
INSERT INTO webhook_cache SELECT 'hook/' || i, i FROM generate_series(1, 100) i;
SELECT setval('execution_entity_id_seq', 123456);
ANALYZE;
