-- The steps that have to be atomic, one function each.
--
-- Each statement in a function sees what was committed before that statement
-- began, which is why locks are taken by statements of their own. Locks last
-- until the commit can be seen by others. A plan may be made while a table is
-- still small and kept while it grows, hence enable_seqscan; and hence the
-- conditions on "one", which let the table of one row be read by its index.

-- begin_step makes sure of both: the isolation, and a commit that is durable
-- or need not be. It never makes a commit less than the server demands,
-- unless it may be lost.
CREATE OR REPLACE FUNCTION {schema}.begin_step(p_durable boolean) RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'the isolation level is %, and has to be read committed', current_setting('transaction_isolation')
			USING ERRCODE = 'feature_not_supported', HINT = 'set default_transaction_isolation for this user or database';
	END IF;
	IF p_durable AND current_setting('synchronous_commit') = 'off' THEN
		PERFORM set_config('synchronous_commit', 'on', true);
	ELSIF NOT p_durable THEN
		PERFORM set_config('synchronous_commit', 'off', true);
	END IF;
END $body$;

-- lock_of is the advisory lock of one key's leases.
CREATE OR REPLACE FUNCTION {schema}.lock_of(p_id bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $body$
	SELECT ('x' || encode(substr(p_id, 1, 8), 'hex'))::bit(64)::bigint # {lock}
$body$;

-- refuses asks a fence: 0 if it lets the write pass, the number of the subject
-- that was purged, or -1 if the lease is another's. The answer holds until the
-- end of the transaction.
CREATE OR REPLACE FUNCTION {schema}.refuses(p_id bytea, p_subjects bytea[], p_epoch bigint, p_token bigint) RETURNS integer
LANGUAGE plpgsql SET enable_seqscan = off AS $body$
DECLARE
	s {schema}.state%ROWTYPE;
	purged integer;
BEGIN
	IF cardinality(p_subjects) > 0 THEN
		PERFORM pg_advisory_xact_lock_shared({lock});
		SELECT * INTO STRICT s FROM {schema}.state x WHERE x.one;
		IF s.sequence > p_epoch THEN
			SELECT a.n INTO purged
			FROM unnest(p_subjects) WITH ORDINALITY AS a (id, n)
			LEFT JOIN LATERAL (SELECT k.sequence FROM {schema}.marks k WHERE k.id = a.id LIMIT 1) m ON true
			WHERE coalesce(m.sequence, s.floor) > p_epoch
			LIMIT 1;
			IF FOUND THEN
				RETURN purged;
			END IF;
		END IF;
	END IF;
	IF p_token <> 0 THEN
		PERFORM pg_advisory_xact_lock_shared({schema}.lock_of(p_id));
		PERFORM FROM {schema}.leases l WHERE l.id = p_id AND l.token = p_token;
		IF NOT FOUND THEN
			RETURN -1;
		END IF;
	END IF;
	RETURN 0;
END $body$;

CREATE OR REPLACE FUNCTION {schema}.put(
	p_id bytea, p_route_id bigint, p_route bytea, p_path bytea, p_locale bytea, p_size bigint, p_checksum bigint, p_data bytea,
	p_subjects bytea[], p_epoch bigint, p_token bigint, p_durable boolean) RETURNS integer
LANGUAGE plpgsql AS $body$
DECLARE
	refused integer;
BEGIN
	PERFORM {schema}.begin_step(p_durable);
	refused := {schema}.refuses(p_id, p_subjects, p_epoch, p_token);
	IF refused = 0 THEN
		INSERT INTO {schema}.records (id, route_id, route, path, locale, size, used, checksum, data)
		VALUES (p_id, p_route_id, p_route, p_path, p_locale, p_size, clock_timestamp(), p_checksum, p_data)
		ON CONFLICT (id) DO UPDATE SET route_id = excluded.route_id, route = excluded.route, path = excluded.path,
			locale = excluded.locale, size = excluded.size, used = excluded.used, checksum = excluded.checksum, data = excluded.data;
	END IF;
	RETURN refused;
END $body$;

CREATE OR REPLACE FUNCTION {schema}.remove(p_id bytea, p_subjects bytea[], p_epoch bigint, p_token bigint) RETURNS integer
LANGUAGE plpgsql AS $body$
DECLARE
	refused integer;
BEGIN
	PERFORM {schema}.begin_step(true);
	refused := {schema}.refuses(p_id, p_subjects, p_epoch, p_token);
	IF refused = 0 THEN
		DELETE FROM {schema}.records r WHERE r.id = p_id;
	END IF;
	RETURN refused;
END $body$;

-- touch notes that records were used. One that is being written is left out.
CREATE OR REPLACE FUNCTION {schema}.touch(p_ids bytea[]) RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
	PERFORM {schema}.begin_step(false);
	UPDATE {schema}.records SET used = clock_timestamp() WHERE id IN (
		SELECT r.id FROM {schema}.records r WHERE r.id = ANY (p_ids) FOR NO KEY UPDATE SKIP LOCKED);
END $body$;

-- epochs gives a row for each subject, and one if there are none.
CREATE OR REPLACE FUNCTION {schema}.epochs(p_ids bytea[])
RETURNS TABLE (o_sequence bigint, o_mark bigint, o_at timestamptz, o_expired bigint, o_expired_at timestamptz)
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $body$
BEGIN
	RETURN QUERY
	SELECT s.sequence,
		CASE WHEN m.id IS NULL THEN s.floor ELSE m.sequence END,
		CASE WHEN m.id IS NULL THEN s.floor_at ELSE m.at END,
		CASE WHEN m.id IS NULL THEN s.floor_expired ELSE m.expired END,
		CASE WHEN m.id IS NULL THEN s.floor_expired_at ELSE m.expired_at END
	FROM {schema}.state s
	LEFT JOIN LATERAL unnest(p_ids) WITH ORDINALITY AS a (id, n) ON true
	LEFT JOIN LATERAL (SELECT * FROM {schema}.marks k WHERE k.id = a.id LIMIT 1) m ON true
	WHERE s.one
	ORDER BY a.n;
END $body$;

-- bump purges. A subject that is not known begins at the floor, lest a purge
-- make it look better than it was. What is too much is forgotten in order and
-- in lots, the oldest first.
CREATE OR REPLACE FUNCTION {schema}.bump(p_expire boolean, p_verb integer, p_ids bytea[], p_subjects bytea[], p_marks bigint, p_changes bigint) RETURNS bigint
LANGUAGE plpgsql SET enable_seqscan = off AS $body$
DECLARE
	s {schema}.state%ROWTYPE;
	last record;
	gone record;
	added bigint;
	cut bigint;
BEGIN
	PERFORM {schema}.begin_step(true);
	PERFORM pg_advisory_xact_lock({lock});
	SELECT * INTO STRICT s FROM {schema}.state x WHERE x.one;
	s.sequence := s.sequence + 1;
	s.at := greatest(clock_timestamp(), s.at);

	UPDATE {schema}.marks m SET sequence = s.sequence, at = s.at,
		expired = CASE WHEN p_expire THEN s.sequence ELSE m.expired END,
		expired_at = CASE WHEN p_expire THEN s.at ELSE m.expired_at END
	WHERE m.id = ANY (p_ids);
	INSERT INTO {schema}.marks (id, sequence, at, expired, expired_at)
	SELECT a.id, s.sequence, s.at,
		CASE WHEN p_expire THEN s.sequence ELSE s.floor_expired END,
		CASE WHEN p_expire THEN s.at ELSE s.floor_expired_at END
	FROM unnest(p_ids) AS a (id)
	ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS added = ROW_COUNT;
	s.marks := s.marks + added;
	IF s.marks > p_marks THEN
		SELECT m.sequence, m.id INTO last FROM {schema}.marks m WHERE m.sequence >= s.floor ORDER BY m.sequence, m.id
		OFFSET s.marks - p_marks + least(p_marks / 2, 500) - 1 LIMIT 1;
		WITH forgotten AS (
			DELETE FROM {schema}.marks m WHERE m.sequence >= s.floor AND (m.sequence, m.id) <= (last.sequence, last.id)
			RETURNING m.sequence, m.at, m.expired, m.expired_at)
		SELECT count(*) AS n, max(sequence) AS sequence, max(at) AS at, max(expired) AS expired, max(expired_at) AS expired_at
		INTO gone FROM forgotten;
		s.marks := s.marks - gone.n;
		s.floor := greatest(s.floor, gone.sequence);
		s.floor_at := greatest(s.floor_at, gone.at);
		s.floor_expired := greatest(s.floor_expired, gone.expired);
		s.floor_expired_at := greatest(s.floor_expired_at, gone.expired_at);
	END IF;

	INSERT INTO {schema}.changes (sequence, ordinal, verb, subject, at)
	SELECT s.sequence, a.n, p_verb, a.subject, s.at FROM unnest(p_subjects) WITH ORDINALITY AS a (subject, n);
	s.changes := s.changes + cardinality(p_subjects);
	IF s.changes > p_changes THEN
		SELECT c.sequence INTO cut FROM {schema}.changes c WHERE c.sequence > s.dropped ORDER BY c.sequence, c.ordinal
		OFFSET s.changes - p_changes + least(p_changes / 2, 500) - 1 LIMIT 1;
		DELETE FROM {schema}.changes c WHERE c.sequence > s.dropped AND c.sequence <= cut;
		GET DIAGNOSTICS added = ROW_COUNT;
		s.changes := s.changes - added;
		s.dropped := cut;
	END IF;

	UPDATE {schema}.state SET sequence = s.sequence, at = s.at, floor = s.floor, floor_at = s.floor_at,
		floor_expired = s.floor_expired, floor_expired_at = s.floor_expired_at,
		marks = s.marks, changes = s.changes, dropped = s.dropped
	WHERE one;
	PERFORM pg_notify('{channel}', s.sequence::text);
	RETURN s.sequence;
END $body$;

-- lease grants a lease (1) or tells of the one that is held (0): its token, and
-- for how many microseconds.
-- Its token is taken while nobody else can take one for the same key, so that
-- tokens of a key grow also if its row was forgotten in between. Each call
-- forgets up to two leases that ran out long ago, one more than it adds.
CREATE OR REPLACE FUNCTION {schema}.lease(p_id bytea, p_ttl bigint) RETURNS bigint[]
LANGUAGE plpgsql SET enable_seqscan = off AS $body$
DECLARE
	held {schema}.leases%ROWTYPE;
	t timestamptz;
	granted bigint;
BEGIN
	PERFORM {schema}.begin_step(true);
	PERFORM pg_advisory_xact_lock({schema}.lock_of(p_id));
	SELECT * INTO held FROM {schema}.leases l WHERE l.id = p_id;
	t := clock_timestamp();
	IF held.until > t THEN
		RETURN ARRAY[0, held.token, (extract(epoch FROM held.until - t) * 1000000)::bigint];
	END IF;
	granted := nextval({tokens});
	INSERT INTO {schema}.leases (id, token, until) VALUES (p_id, granted, t + p_ttl * interval '1 microsecond')
	ON CONFLICT (id) DO UPDATE SET token = excluded.token, until = excluded.until;
	DELETE FROM {schema}.leases WHERE id IN (
		SELECT l.id FROM {schema}.leases l WHERE l.until < t - interval '1 minute' ORDER BY l.until LIMIT 2 FOR UPDATE SKIP LOCKED);
	RETURN ARRAY[1, granted, p_ttl];
END $body$;

-- release forgets a lease if it is still the one given.
CREATE OR REPLACE FUNCTION {schema}.release(p_id bytea, p_token bigint) RETURNS void
LANGUAGE plpgsql AS $body$
BEGIN
	PERFORM {schema}.begin_step(false);
	DELETE FROM {schema}.leases l WHERE l.id = p_id AND l.token = p_token;
END $body$;

-- acknowledge returns the sequence. It shares the lock with writers: a purge
-- that is not in that sequence begins after the acknowledgement can be seen.
CREATE OR REPLACE FUNCTION {schema}.acknowledge(p_id bytea, p_sequence bigint, p_ttl bigint) RETURNS bigint
LANGUAGE plpgsql AS $body$
BEGIN
	PERFORM {schema}.begin_step(true);
	PERFORM pg_advisory_xact_lock_shared({lock});
	DELETE FROM {schema}.acknowledgements WHERE id IN (
		SELECT a.id FROM {schema}.acknowledgements a WHERE a.until < clock_timestamp() - interval '1 minute' FOR UPDATE SKIP LOCKED);
	IF p_ttl > 0 THEN
		INSERT INTO {schema}.acknowledgements (id, sequence, until)
		VALUES (p_id, p_sequence, clock_timestamp() + p_ttl * interval '1 microsecond')
		ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, until = excluded.until;
	ELSE
		DELETE FROM {schema}.acknowledgements a WHERE a.id = p_id;
	END IF;
	RETURN (SELECT s.sequence FROM {schema}.state s);
END $body$;
