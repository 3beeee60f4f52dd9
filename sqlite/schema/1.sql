-- The first layout. Names are bytes, since a path may hold what text may not.
-- Times are Unix nanoseconds. data comes last, so that the columns before it
-- are read without it.

CREATE TABLE state (
	one              INTEGER PRIMARY KEY CHECK (one = 1),
	sequence         INTEGER NOT NULL DEFAULT 0, -- of the last purge
	token            INTEGER NOT NULL DEFAULT 0, -- of the last lease
	marks            INTEGER NOT NULL DEFAULT 0, -- how many rows marks has
	changes          INTEGER NOT NULL DEFAULT 0, -- how many rows changes has
	dropped          INTEGER NOT NULL DEFAULT 0, -- the last sequence that is no longer in changes
	floor            INTEGER NOT NULL DEFAULT 0, -- the latest of the forgotten marks …
	floor_at         INTEGER NOT NULL DEFAULT 0,
	floor_expired    INTEGER NOT NULL DEFAULT 0,
	floor_expired_at INTEGER NOT NULL DEFAULT 0,
	sweeper          INTEGER NOT NULL DEFAULT 0, -- the token of who sweeps …
	sweeper_until    INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO state (one) VALUES (1);

CREATE TABLE records (
	n        INTEGER PRIMARY KEY,
	id       BLOB NOT NULL UNIQUE, -- the key's digest
	route    BLOB NOT NULL,
	path     BLOB NOT NULL,
	locale   BLOB NOT NULL,
	size     INTEGER NOT NULL,     -- bytes that the record takes, about
	used     INTEGER NOT NULL,     -- about when it was last read or written
	checksum INTEGER NOT NULL,     -- CRC-32C of id and data
	data     BLOB NOT NULL
) STRICT;

CREATE INDEX records_by_use ON records (used, n, route, size);

CREATE TABLE routes (
	route   BLOB PRIMARY KEY,
	records INTEGER NOT NULL,
	bytes   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER record_added AFTER INSERT ON records BEGIN
	INSERT INTO routes VALUES (new.route, 1, new.size)
		ON CONFLICT (route) DO UPDATE SET records = records + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER record_replaced AFTER UPDATE OF size ON records BEGIN
	UPDATE routes SET bytes = bytes - old.size + new.size WHERE route = new.route;
END;

CREATE TRIGGER record_removed AFTER DELETE ON records BEGIN
	UPDATE routes SET records = records - 1, bytes = bytes - old.size WHERE route = old.route;
	DELETE FROM routes WHERE route = old.route AND records = 0;
END;

CREATE TABLE marks (
	subject    BLOB PRIMARY KEY,
	sequence   INTEGER NOT NULL,
	at         INTEGER NOT NULL,
	expired    INTEGER NOT NULL,
	expired_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX marks_by_sequence ON marks (sequence);

CREATE TABLE changes (
	sequence INTEGER NOT NULL,
	place    INTEGER NOT NULL, -- within the purge
	verb     INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	subject  BLOB NOT NULL,
	PRIMARY KEY (sequence, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
	id    BLOB PRIMARY KEY, -- the key's digest
	token INTEGER NOT NULL,
	until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX leases_by_end ON leases (until);

CREATE TABLE acknowledgements (
	instance BLOB PRIMARY KEY,
	sequence INTEGER NOT NULL,
	until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
