-- Epochs of records, claims of leases, whose the store is, and what to do where
-- it went back to an earlier state.

ALTER TABLE {schema}.layout ADD COLUMN IF NOT EXISTS owner bytea;
ALTER TABLE {schema}.records ADD COLUMN IF NOT EXISTS epoch bigint NOT NULL DEFAULT 0;
ALTER TABLE {schema}.leases ADD COLUMN IF NOT EXISTS claim bytea NOT NULL DEFAULT '';

DROP FUNCTION IF EXISTS {schema}.refuses(bytea, bytea[], bigint, bigint);
DROP FUNCTION IF EXISTS {schema}.put(bytea, bigint, bytea, bytea, bytea, bigint, bigint, bytea, bytea[], bigint, bigint, boolean);
DROP FUNCTION IF EXISTS {schema}.remove(bytea, bytea[], bigint, bigint);
DROP FUNCTION IF EXISTS {schema}.epochs(bytea[]);
DROP FUNCTION IF EXISTS {schema}.bump(boolean, integer, bytea[], bytea[], bigint, bigint);
DROP FUNCTION IF EXISTS {schema}.lease(bytea, bigint);
DROP FUNCTION IF EXISTS {schema}.acknowledge(bytea, bigint, bigint);

CREATE OR REPLACE FUNCTION {schema}.micros(p_at timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $body$
	SELECT coalesce((extract(epoch FROM p_at) * 1000000)::bigint, 0)
$body$;

-- went_back says whether the store is older than a caller knows it, who saw a
-- purge p_seen, made at p_at: it has fewer purges, or another of that number and
-- has not purged everything since.
CREATE OR REPLACE FUNCTION {schema}.went_back(p_seen bigint, p_at bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $body$
DECLARE
	s {schema}.state%ROWTYPE;
	at timestamptz;
BEGIN
	SELECT * INTO STRICT s FROM {schema}.state x WHERE x.one;
	IF s.sequence <= p_seen THEN
		RETURN s.sequence < p_seen OR p_seen > 0 AND {schema}.micros(s.at) <> p_at;
	END IF;
	SELECT c.at INTO at FROM {schema}.changes c WHERE c.sequence = p_seen LIMIT 1;
	IF NOT FOUND OR {schema}.micros(at) = p_at THEN
		RETURN false;
	END IF;
	PERFORM FROM {schema}.marks m WHERE m.id = sha256('all') AND m.expired > p_seen;
	RETURN NOT FOUND;
END $body$;

-- must_fit ends a call to a store that went back. The caller then calls recover.
CREATE OR REPLACE FUNCTION {schema}.must_fit(p_seen bigint, p_at bigint) RETURNS void
LANGUAGE plpgsql STABLE AS $body$
BEGIN
	IF {schema}.went_back(p_seen, p_at) THEN
		RAISE EXCEPTION 'purges were lost, the last of which was number %', p_seen USING ERRCODE = 'GG001';
	END IF;
END $body$;

-- refuses asks a fence about the lease. The answer holds until the end of the
-- transaction.
CREATE OR REPLACE FUNCTION {schema}.refuses(p_id bytea, p_token bigint) RETURNS boolean
LANGUAGE plpgsql SET enable_seqscan = off AS $body$
BEGIN
	IF p_token = 0 THEN
		RETURN false;
	END IF;
	PERFORM pg_advisory_xact_lock_shared({schema}.lock_of(p_id));
	PERFORM FROM {schema}.leases l WHERE l.id = p_id AND l.token = p_token;
	RETURN NOT FOUND;
END $body$;

-- put writes a record (0), unless there is one of a later epoch than p_before
-- (1), or the lease is another's (2).
CREATE OR REPLACE FUNCTION {schema}.put(
	p_id bytea, p_route_id bigint, p_route bytea, p_path bytea, p_locale bytea, p_size bigint, p_checksum bigint, p_data bytea, p_epoch bigint,
	p_before bigint, p_token bigint, p_durable boolean, p_seen bigint, p_at bigint) RETURNS integer
LANGUAGE plpgsql AS $body$
BEGIN
	PERFORM {schema}.begin_step(p_durable);
	PERFORM {schema}.must_fit(p_seen, p_at);
	IF {schema}.refuses(p_id, p_token) THEN
		RETURN 2;
	END IF;
	INSERT INTO {schema}.records AS r (id, route_id, route, path, locale, size, used, checksum, data, epoch)
	VALUES (p_id, p_route_id, p_route, p_path, p_locale, p_size, clock_timestamp(), p_checksum, p_data, p_epoch)
	ON CONFLICT (id) DO UPDATE SET route_id = excluded.route_id, route = excluded.route, path = excluded.path,
		locale = excluded.locale, size = excluded.size, used = excluded.used, checksum = excluded.checksum, data = excluded.data,
		epoch = excluded.epoch
	WHERE r.epoch <= p_before;
	RETURN CASE WHEN FOUND THEN 0 ELSE 1 END;
END $body$;

-- remove removes a record, on the same conditions.
CREATE OR REPLACE FUNCTION {schema}.remove(p_id bytea, p_before bigint, p_token bigint) RETURNS integer
LANGUAGE plpgsql AS $body$
DECLARE
	there bigint;
BEGIN
	PERFORM {schema}.begin_step(true);
	IF {schema}.refuses(p_id, p_token) THEN
		RETURN 2;
	END IF;
	SELECT r.epoch INTO there FROM {schema}.records r WHERE r.id = p_id FOR UPDATE;
	IF there > p_before THEN
		RETURN 1;
	END IF;
	DELETE FROM {schema}.records r WHERE r.id = p_id AND r.epoch <= p_before;
	RETURN 0;
END $body$;

-- epochs gives a row for each subject, and one if there are none.
CREATE OR REPLACE FUNCTION {schema}.epochs(p_ids bytea[], p_seen bigint, p_at bigint)
RETURNS TABLE (o_sequence bigint, o_made bigint, o_mark bigint, o_at timestamptz, o_expired bigint, o_expired_at timestamptz)
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $body$
BEGIN
	PERFORM {schema}.must_fit(p_seen, p_at);
	RETURN QUERY
	SELECT s.sequence, {schema}.micros(s.at),
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

-- changes gives the purges after one, and one row without a sequence if there
-- are none.
CREATE OR REPLACE FUNCTION {schema}.changes(p_since bigint, p_seen bigint, p_at bigint)
RETURNS TABLE (o_dropped bigint, o_sequence bigint, o_verb integer, o_subject bytea, o_at timestamptz)
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $body$
BEGIN
	PERFORM {schema}.must_fit(p_seen, p_at);
	RETURN QUERY
	SELECT s.dropped, c.sequence, c.verb, c.subject, c.at
	FROM {schema}.state s
	LEFT JOIN {schema}.changes c ON c.sequence > p_since
	WHERE s.one
	ORDER BY c.sequence, c.ordinal;
END $body$;

-- bump purges, and returns the sequence and when it was reached. A subject that
-- is not known begins at the floor: a purge must not make it look better than
-- it was. What is too much is forgotten in order and in lots, the oldest first.
CREATE OR REPLACE FUNCTION {schema}.bump(p_expire boolean, p_verb integer, p_ids bytea[], p_subjects bytea[], p_marks bigint, p_changes bigint,
	p_seen bigint, p_at bigint) RETURNS bigint[]
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
	PERFORM {schema}.must_fit(p_seen, p_at);
	SELECT * INTO STRICT s FROM {schema}.state x WHERE x.one;
	s.sequence := s.sequence + 1;
	s.at := greatest(clock_timestamp(), s.at + interval '1 microsecond');

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
	RETURN ARRAY[s.sequence, {schema}.micros(s.at)];
END $body$;

-- recover makes a store that went back go on: all is purged at a number beyond
-- any before. Leases are forgotten, since who had those that came back is not
-- known; but those that last long are no page's, and stay. Tokens go on beyond
-- any before, too.
CREATE OR REPLACE FUNCTION {schema}.recover(p_seen bigint, p_at bigint, p_owner bytea, p_marks bigint, p_changes bigint) RETURNS bigint[]
LANGUAGE plpgsql AS $body$
BEGIN
	PERFORM {schema}.begin_step(true);
	PERFORM pg_advisory_xact_lock({lock});
	IF NOT {schema}.went_back(p_seen, p_at) THEN
		RETURN (SELECT ARRAY[s.sequence, {schema}.micros(s.at)] FROM {schema}.state s WHERE s.one);
	END IF;
	UPDATE {schema}.layout SET owner = p_owner WHERE owner IS NULL AND p_owner <> '';
	DELETE FROM {schema}.leases WHERE until < clock_timestamp() + interval '5 minutes';
	PERFORM setval({tokens}, greatest(nextval({tokens}), {schema}.micros(clock_timestamp())));
	UPDATE {schema}.state SET sequence = greatest(sequence, p_seen, {schema}.micros(clock_timestamp())) WHERE one;
	RETURN {schema}.bump(true, 2, ARRAY[sha256('all')], ARRAY['all'::bytea], p_marks, p_changes, 0, 0);
END $body$;

-- claim says that the store belongs to p_owner, and returns whose it is. Where
-- it is another's and that is to end, all is purged.
CREATE OR REPLACE FUNCTION {schema}.claim(p_owner bytea, p_take_over boolean, p_marks bigint, p_changes bigint) RETURNS bytea
LANGUAGE plpgsql AS $body$
DECLARE
	was bytea;
BEGIN
	SELECT v.owner INTO was FROM {schema}.layout v WHERE v.one;
	IF was = p_owner OR was IS NOT NULL AND NOT p_take_over THEN
		RETURN was;
	END IF;
	PERFORM {schema}.begin_step(true);
	SELECT v.owner INTO was FROM {schema}.layout v WHERE v.one FOR UPDATE;
	IF was = p_owner OR was IS NOT NULL AND NOT p_take_over THEN
		RETURN was;
	END IF;
	IF was IS NOT NULL THEN
		PERFORM {schema}.bump(true, 2, ARRAY[sha256('all')], ARRAY['all'::bytea], p_marks, p_changes, 0, 0);
	END IF;
	UPDATE {schema}.layout SET owner = p_owner WHERE one;
	RETURN p_owner;
END $body$;

-- lease grants a lease (1), or tells of the one that is held (0): its token, and
-- for how many microseconds. Who asks again with the claim that a lease was
-- granted to is granted that one. The token of a new one is taken while nobody
-- else can take one for the same key, so that tokens of a key grow also if its
-- row was forgotten in between. Each call forgets up to two leases that ran out
-- long ago, one more than it adds.
CREATE OR REPLACE FUNCTION {schema}.lease(p_id bytea, p_claim bytea, p_ttl bigint) RETURNS bigint[]
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
		RETURN ARRAY[(held.claim = p_claim)::integer, held.token, (extract(epoch FROM held.until - t) * 1000000)::bigint];
	END IF;
	granted := nextval({tokens});
	INSERT INTO {schema}.leases (id, claim, token, until) VALUES (p_id, p_claim, granted, t + p_ttl * interval '1 microsecond')
	ON CONFLICT (id) DO UPDATE SET claim = excluded.claim, token = excluded.token, until = excluded.until;
	DELETE FROM {schema}.leases WHERE id IN (
		SELECT l.id FROM {schema}.leases l WHERE l.until < t - interval '1 minute' ORDER BY l.until LIMIT 2 FOR UPDATE SKIP LOCKED);
	RETURN ARRAY[1, granted, p_ttl];
END $body$;

-- acknowledge returns the sequence and when it was reached. It shares the lock
-- with purges: one that is not in that sequence begins after the
-- acknowledgement can be seen.
CREATE OR REPLACE FUNCTION {schema}.acknowledge(p_id bytea, p_sequence bigint, p_ttl bigint, p_seen bigint, p_at bigint) RETURNS bigint[]
LANGUAGE plpgsql AS $body$
BEGIN
	PERFORM {schema}.begin_step(true);
	PERFORM pg_advisory_xact_lock_shared({lock});
	PERFORM {schema}.must_fit(p_seen, p_at);
	DELETE FROM {schema}.acknowledgements WHERE id IN (
		SELECT a.id FROM {schema}.acknowledgements a WHERE a.until < clock_timestamp() - interval '1 minute' FOR UPDATE SKIP LOCKED);
	IF p_ttl > 0 THEN
		INSERT INTO {schema}.acknowledgements (id, sequence, until)
		VALUES (p_id, p_sequence, clock_timestamp() + p_ttl * interval '1 microsecond')
		ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence, until = excluded.until;
	ELSE
		DELETE FROM {schema}.acknowledgements a WHERE a.id = p_id;
	END IF;
	RETURN (SELECT ARRAY[s.sequence, {schema}.micros(s.at)] FROM {schema}.state s WHERE s.one);
END $body$;
