-- One row per grant, found by its id and by nothing else that is unique: a distributed engine can split the table by it.
-- No sequence, no foreign key, no trigger. A refresh rewrites this one row and no value that an index holds, so with
-- the room that the fill factor leaves on each page it is a heap-only update.
--
-- The fill factor was measured: 10,000 grants, ten refreshes each, one an hour. Of 100,000 updates, 93.5 % were heap-only
-- at 100, 95.2 % at 90, 95.6 % at 80 and 97.1 % at 70, where the table was 5 % larger than at 100. What is left is the
-- first refresh, which makes a row larger by the tokens that a new grant does not have.
CREATE TABLE regrant.grants (
    id                 bytea  NOT NULL PRIMARY KEY CHECK (octet_length(id) = 16),
    revision           bigint NOT NULL CHECK (revision >= 0),
    ended_at           bigint CHECK (ended_at >= 0),
    ended_reason       text   COLLATE "C" CHECK (ended_reason IN ('revoked', 'replayed', 'ended_by_host')),
    client_id          text   COLLATE "C" NOT NULL CHECK (octet_length(client_id) BETWEEN 1 AND 255),
    client_epoch       bigint NOT NULL CHECK (client_epoch >= 0),
    subject            text   COLLATE "C" CHECK (octet_length(subject) >= 1),
    scope              text   COLLATE "C" NOT NULL CHECK (octet_length(scope) <= 4096),
    created_at         bigint NOT NULL CHECK (created_at >= 0),
    expires_at         bigint CHECK (expires_at >= 0),
    lineage            bytea  CHECK (octet_length(lineage) = 32),
    current_digest     bytea  CHECK (octet_length(current_digest) = 32),
    refresh_issued_at  bigint CHECK (refresh_issued_at >= 0),
    refresh_expires_at bigint CHECK (refresh_expires_at >= 0),
    generation         bigint CHECK (generation >= 0),
    -- The host's members and the small lists, each in the versioned form of the engine.
    attributes         bytea  NOT NULL,
    tokens             bytea  NOT NULL,
    -- Over the id and the columns that are written once, and over the id and those that a refresh rewrites.
    terms_check        bigint NOT NULL,
    tokens_check       bigint NOT NULL,
    -- A day since 1970. The grant is not dead before it. A refresh never puts it off: purging does, when it looks.
    purge_after        bigint NOT NULL CHECK (purge_after >= 0),
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL)),
    CHECK ((lineage IS NULL) = (current_digest IS NULL)),
    CHECK ((lineage IS NULL) = (refresh_issued_at IS NULL)),
    CHECK ((lineage IS NULL) = (refresh_expires_at IS NULL)),
    CHECK ((lineage IS NULL) = (generation IS NULL))
) WITH (fillfactor = 70);

-- Living and ended grants apart: ending a million grants in batches never looks at those that have ended.
CREATE INDEX living_by_client ON regrant.grants (client_id, id) WHERE ended_at IS NULL;
CREATE INDEX ended_by_client ON regrant.grants (client_id, id) WHERE ended_at IS NOT NULL;
CREATE INDEX living_by_subject ON regrant.grants (subject, id) WHERE ended_at IS NULL AND subject IS NOT NULL;
CREATE INDEX ended_by_subject ON regrant.grants (subject, id) WHERE ended_at IS NOT NULL AND subject IS NOT NULL;
CREATE INDEX grants_by_purge ON regrant.grants (purge_after, id);

-- One row per client. Spans are milliseconds. A column of the policy that is null stands for the host's default.
CREATE TABLE regrant.clients (
    id                    text    COLLATE "C" NOT NULL PRIMARY KEY CHECK (octet_length(id) BETWEEN 1 AND 255),
    -- Neither method: a public client, which has no secret.
    basic                 boolean NOT NULL,
    post                  boolean NOT NULL,
    -- 40 bytes each: a SHA-256 digest, then the instant from which it is refused (big-endian; all ones for never).
    secrets               bytea   NOT NULL CHECK (octet_length(secrets) % 40 = 0 AND octet_length(secrets) <= 320),
    grants                text    COLLATE "C" NOT NULL,
    scope                 text    COLLATE "C" NOT NULL CHECK (octet_length(scope) <= 4096),
    introspection         text    COLLATE "C" NOT NULL CHECK (introspection IN ('none', 'own', 'any')),
    enabled               boolean NOT NULL,
    grant_epoch           bigint  NOT NULL CHECK (grant_epoch >= 0),
    access_token_lifetime bigint  CHECK (access_token_lifetime >= 1000),
    refresh_idle_lifetime bigint  CHECK (refresh_idle_lifetime >= 1000),
    -- 0: never.
    grant_lifetime        bigint  CHECK (grant_lifetime = 0 OR grant_lifetime >= 1000),
    rotation              text    COLLATE "C" CHECK (rotation IN ('always', 'never')),
    retry_window          bigint  CHECK (retry_window >= 0),
    on_replay             text    COLLATE "C" CHECK (on_replay IN ('revoke', 'reject')),
    previous_access_token text    COLLATE "C" CHECK (previous_access_token IN ('keep', 'revoke')),
    max_access_tokens     bigint  CHECK (max_access_tokens BETWEEN 1 AND 1024),
    CHECK ((basic OR post) = (octet_length(secrets) > 0))
);
