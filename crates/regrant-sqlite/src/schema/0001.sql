-- One row per grant. A refresh rewrites this one row and no index: every indexed column stays as it was made, but for
-- purge_at, which a refresh moves once a day.
--
-- A rowid table, because it measured better than WITHOUT ROWID (100,000 grants, synchronous=FULL, one read and one
-- update each, best of three): with 2 live access tokens 17.3k/s and 51 MB against 16.5k/s and 60 MB, with 16 of them
-- 17.3k/s and 147 MB against 5.7k/s and 481 MB. A WITHOUT ROWID row above 1000 bytes spills to a page of its own.
CREATE TABLE grants (
    id                 BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    revision           INTEGER NOT NULL CHECK (revision >= 0),
    ended_at           INTEGER CHECK (ended_at >= 0),
    ended_reason       TEXT    CHECK (ended_reason IN ('revoked', 'replayed', 'ended_by_host')),
    client_id          TEXT    NOT NULL CHECK (length(client_id) BETWEEN 1 AND 255),
    client_epoch       INTEGER NOT NULL CHECK (client_epoch >= 0),
    subject            TEXT    CHECK (length(subject) BETWEEN 1 AND 255),
    scope              TEXT    NOT NULL CHECK (length(scope) <= 4096),
    created_at         INTEGER NOT NULL CHECK (created_at >= 0),
    expires_at         INTEGER CHECK (expires_at >= 0),
    lineage            BLOB    CHECK (length(lineage) = 32),
    current_digest     BLOB    CHECK (length(current_digest) = 32),
    refresh_issued_at  INTEGER CHECK (refresh_issued_at >= 0),
    refresh_expires_at INTEGER CHECK (refresh_expires_at >= 0),
    generation         INTEGER CHECK (generation >= 0),
    -- The host's members and the small lists, each in the versioned form of the engine.
    attributes         BLOB    NOT NULL,
    tokens             BLOB    NOT NULL,
    -- Over the id and the columns that are written once, and over the id and those that a refresh rewrites.
    terms_check        INTEGER NOT NULL,
    tokens_check       INTEGER NOT NULL,
    -- The grant is not dead before this instant. It may lag behind the truth by a day.
    purge_at           INTEGER NOT NULL CHECK (purge_at >= 0),
    CHECK ((ended_at IS NULL) = (ended_reason IS NULL)),
    CHECK ((lineage IS NULL) = (current_digest IS NULL)),
    CHECK ((lineage IS NULL) = (refresh_issued_at IS NULL)),
    CHECK ((lineage IS NULL) = (refresh_expires_at IS NULL)),
    CHECK ((lineage IS NULL) = (generation IS NULL))
) STRICT;

-- Living and ended grants apart: ending a million grants in batches never looks at those that have ended.
CREATE INDEX living_by_client ON grants (client_id, id) WHERE ended_at IS NULL;
CREATE INDEX ended_by_client ON grants (client_id, id) WHERE ended_at IS NOT NULL;
CREATE INDEX living_by_subject ON grants (subject, id) WHERE ended_at IS NULL AND subject IS NOT NULL;
CREATE INDEX ended_by_subject ON grants (subject, id) WHERE ended_at IS NOT NULL AND subject IS NOT NULL;
CREATE INDEX grants_by_purge ON grants (purge_at, id);

-- One row per client. Spans are milliseconds. A column of the policy that is null stands for the host's default.
CREATE TABLE clients (
    id                    TEXT    NOT NULL PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 255),
    -- Neither method: a public client, which has no secret.
    basic                 INTEGER NOT NULL CHECK (basic IN (0, 1)),
    post                  INTEGER NOT NULL CHECK (post IN (0, 1)),
    -- 40 bytes each: a SHA-256 digest, then the instant from which it is refused (big-endian; all ones for never).
    secrets               BLOB    NOT NULL CHECK (length(secrets) % 40 = 0 AND length(secrets) <= 320),
    grants                TEXT    NOT NULL,
    scope                 TEXT    NOT NULL CHECK (length(scope) <= 4096),
    introspection         TEXT    NOT NULL CHECK (introspection IN ('none', 'own', 'any')),
    enabled               INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    grant_epoch           INTEGER NOT NULL CHECK (grant_epoch >= 0),
    access_token_lifetime INTEGER CHECK (access_token_lifetime >= 1000),
    refresh_idle_lifetime INTEGER CHECK (refresh_idle_lifetime >= 1000),
    -- 0: never.
    grant_lifetime        INTEGER CHECK (grant_lifetime = 0 OR grant_lifetime >= 1000),
    rotation              TEXT    CHECK (rotation IN ('always', 'never')),
    retry_window          INTEGER CHECK (retry_window >= 0),
    on_replay             TEXT    CHECK (on_replay IN ('revoke', 'reject')),
    previous_access_token TEXT    CHECK (previous_access_token IN ('keep', 'revoke')),
    max_access_tokens     INTEGER CHECK (max_access_tokens BETWEEN 1 AND 1024),
    CHECK ((basic = 0 AND post = 0) = (length(secrets) = 0))
) STRICT;
