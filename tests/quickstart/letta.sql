-- An agents' database: blocks, messages, passages with embeddings; about 70 MB.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE TABLE organizations (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE agents (id text PRIMARY KEY, organization_id text REFERENCES organizations, name text NOT NULL, llm_config json, message_ids json, created_at timestamptz);
CREATE TABLE block (id text PRIMARY KEY, label text NOT NULL, value text NOT NULL, "limit" integer CHECK ("limit" > 0), version integer DEFAULT 1);
CREATE TABLE blocks_agents (agent_id text REFERENCES agents ON DELETE CASCADE, block_id text REFERENCES block, block_label text, PRIMARY KEY (agent_id, block_id));
CREATE SEQUENCE message_seq CACHE 10;
CREATE TABLE messages (id text PRIMARY KEY, agent_id text REFERENCES agents ON DELETE CASCADE, role text, content jsonb, sequence_id bigint UNIQUE DEFAULT nextval('message_seq'), created_at timestamptz);
CREATE TABLE archival_passages (id text PRIMARY KEY, agent_id text, text text, embedding real[], tags text[], metadata_ jsonb);

INSERT INTO organizations VALUES ('org-0', 'default'), ('org-1', E'with ''quotes'' and "more"');
INSERT INTO agents SELECT 'agent-' || md5(i::text), 'org-' || i % 2, 'Agent ' || i, json_build_object('model', 'letta/letta-free', 'context_window', 8192 + i), '[]', '2024-03-01 12:00:00+00'::timestamptz + i * interval '1 hour'
FROM generate_series(1, 60) i;
INSERT INTO block SELECT 'block-' || md5(i::text), (ARRAY['persona', 'human', 'notes'])[1 + i % 3], repeat('I remember ' || i || E'.\n', 1 + i % 300), 20000, i FROM generate_series(1, 600) i;
INSERT INTO blocks_agents SELECT DISTINCT ON (a, b) a, b, l FROM (SELECT 'agent-' || md5((1 + i % 60)::text) a, 'block-' || md5(i::text) b, (ARRAY['persona', 'human', 'notes'])[1 + i % 3] l FROM generate_series(1, 600) i) x;
INSERT INTO messages (id, agent_id, role, content, created_at)
SELECT 'message-' || md5(i::text), 'agent-' || md5((1 + i % 60)::text), (ARRAY['user', 'assistant', 'tool'])[1 + i % 3],
       jsonb_build_array(jsonb_build_object('type', 'text', 'text', 'message ' || i || ' ' || repeat(md5(i::text) || ' ', 1 + i % 8)), jsonb_build_object('n', i)),
       '2024-03-01 12:00:00+00'::timestamptz + i * interval '11 seconds'
FROM generate_series(1, 120000) i;
CREATE INDEX messages_agent ON messages (agent_id, created_at);
CREATE INDEX messages_content ON messages USING gin (content jsonb_path_ops);
INSERT INTO archival_passages
SELECT 'passage-' || md5(i::text), 'agent-' || md5((1 + i % 60)::text), 'fact ' || i || ': ' || md5('f' || i),
       (SELECT array_agg(((hashint8(i * 1000 + k) % 100000) / 100000.0)::real) FROM generate_series(1, 384) k), ARRAY['t' || i % 5], jsonb_build_object('source', i % 9)
FROM generate_series(1, 9000) i;
CREATE FUNCTION recent(agent text, n integer DEFAULT 10) RETURNS SETOF messages LANGUAGE sql STABLE AS $$ SELECT * FROM messages WHERE agent_id = agent ORDER BY sequence_id DESC LIMIT n $$;
CREATE VIEW agent_overview AS SELECT a.id, a.name, (SELECT count(*) FROM messages m WHERE m.agent_id = a.id) AS messages FROM agents a;
ANALYZE;
