-- The tables, and what they are found by.

CREATE TABLE {schema}.layout (
	one     boolean PRIMARY KEY DEFAULT true CHECK (one),
	version integer NOT NULL
);
INSERT INTO {schema}.layout (version) VALUES (0);

-- The primary key holds what a sweep counts, so that counting does not read
-- the table. Routes are told apart by the first bytes of their digest.
CREATE TABLE {schema}.records (
	id       bytea NOT NULL,
	route_id bigint NOT NULL,
	route    bytea NOT NULL,
	path     bytea NOT NULL,
	locale   bytea NOT NULL,
	size     bigint NOT NULL,
	used     timestamptz NOT NULL,
	checksum bigint NOT NULL,
	data     bytea NOT NULL,
	PRIMARY KEY (id) INCLUDE (route_id, size)
);
ALTER TABLE {schema}.records ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX records_used ON {schema}.records (used, id);
CREATE INDEX records_route ON {schema}.records (route_id, used, id);

-- Every purge writes the one row, so its page has room for many versions.
CREATE TABLE {schema}.state (
	one              boolean PRIMARY KEY DEFAULT true CHECK (one),
	sequence         bigint NOT NULL DEFAULT 0,
	at               timestamptz,
	floor            bigint NOT NULL DEFAULT 0,
	floor_at         timestamptz,
	floor_expired    bigint NOT NULL DEFAULT 0,
	floor_expired_at timestamptz,
	marks            bigint NOT NULL DEFAULT 0,
	changes          bigint NOT NULL DEFAULT 0,
	dropped          bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO {schema}.state (sequence) VALUES (0);

CREATE TABLE {schema}.marks (
	id         bytea PRIMARY KEY,
	sequence   bigint NOT NULL,
	at         timestamptz NOT NULL,
	expired    bigint NOT NULL,
	expired_at timestamptz
);
CREATE INDEX marks_sequence ON {schema}.marks (sequence, id);

CREATE TABLE {schema}.changes (
	sequence bigint NOT NULL,
	ordinal  bigint NOT NULL,
	verb     integer NOT NULL,
	subject  bytea NOT NULL,
	at       timestamptz NOT NULL,
	PRIMARY KEY (sequence, ordinal)
);

CREATE TABLE {schema}.leases (
	id    bytea PRIMARY KEY,
	token bigint NOT NULL,
	until timestamptz NOT NULL
);
CREATE INDEX leases_until ON {schema}.leases (until);
CREATE SEQUENCE {schema}.tokens;

CREATE TABLE {schema}.acknowledgements (
	id       bytea PRIMARY KEY,
	sequence bigint NOT NULL,
	until    timestamptz NOT NULL
);
