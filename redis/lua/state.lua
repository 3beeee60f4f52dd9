-- What every script begins with: its keys, the store's state, and whether what the caller knows still holds.

-- Before version 7 a server may have to be told that effects are replicated:
-- a script that reads the clock does not do the same twice.
if redis.replicate_commands then redis.replicate_commands() end

local STATE, YOUNG, OLD, CHANGES, HEARD, IDS, USED = unpack(KEYS, 1, 7)

-- What the caller knows: the store's name and its owner, each of which may be
-- empty, and the latest purge and when it was made.
local known, mine = string.match(ARGV[1], '^(%S*) ?(.*)$')
local seen, seen_at = string.match(ARGV[2], '^(%d+) (%d+)$')
seen, seen_at = tonumber(seen), tonumber(seen_at)

local state = {}
do
  local flat = redis.call('HGETALL', STATE)
  for i = 1, #flat, 2 do state[flat[i]] = flat[i + 1] end
end

local function number(field) return tonumber(state[field]) or 0 end

-- digits writes a whole number, which Lua by itself would round.
local function digits(n) return string.format('%.0f', n) end

-- now is the server's time in microseconds.
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

-- missing says whether a part is smaller than it was left, because the
-- server evicted it or another client removed it.
local function missing_marks()
  return redis.call('HLEN', YOUNG) ~= number('young') or redis.call('HLEN', OLD) ~= number('old')
end
local function missing_changes() return redis.call('ZCARD', CHANGES) ~= number('changes') end
local function missing_heard() return redis.call('HLEN', HEARD) ~= number('heard') end


-- go_on makes the script's further commands work also where memory is full: a
-- server that is out of memory refuses a script's first write, but does not
-- stop one that has written. Removing nothing is a write that it allows.
local function go_on() redis.call('HDEL', STATE, '') end

-- A mark is kept as four numbers: the sequence of the last purge and when, and
-- the same of the last that demands Expire.
local function mark(text)
  local a, b, c, d = string.match(text or '', '^(%d+) (%d+) (%d+) (%d+)$')
  return {tonumber(a) or 0, tonumber(b) or 0, tonumber(c) or 0, tonumber(d) or 0}
end

local function text(m)
  return digits(m[1]) .. ' ' .. digits(m[2]) .. ' ' .. digits(m[3]) .. ' ' .. digits(m[4])
end

-- made is when a purge was made, 0 where that is not known any more.
local function made(sequence)
  local top = mark(state.top)
  if top[1] == sequence then return top[2] end
  if sequence == number('sequence') then return 0 end -- it was a purge of nothing
  local n = digits(sequence)
  local change = redis.call('ZRANGEBYSCORE', CHANGES, n, n, 'LIMIT', 0, 1)[1]
  return tonumber(string.match(change or '', '^%d+ %d+ %d+ (%d+) ') or '0')
end

-- went_back says whether the store is older than the caller knows it: it has
-- fewer purges, or another of a number that the caller knows.
local function went_back()
  if number('sequence') < seen then return true end
  local at = seen_at > 0 and made(seen) or 0
  return at > 0 and at ~= seen_at
end

-- foreign says whether the store belongs to another than the caller.
local function foreign() return mine ~= '' and (state.owner or '') ~= '' and state.owner ~= mine end

-- lost says whether something has to be put right before anything else: see
-- recover.lua. A script that finds this does nothing and answers {}.
local function lost()
  return not state.id or not state.sequence or foreign()
    or known ~= '' and (known ~= state.id or went_back())
    or missing_marks() or missing_changes() or missing_heard()
end

-- answer begins with the store's name, and with its sequence and when that was
-- reached.
local function head() return digits(number('sequence')) .. ' ' .. digits(made(number('sequence'))) end
local function answer(...) return {state.id, head(), ...} end

local function merge(a, b)
  local m = {a[1], a[2], a[3], a[4]}
  if b[1] > m[1] then m[1], m[2] = b[1], b[2] end
  if b[3] > m[3] then m[3], m[4] = b[3], b[4] end
  return m
end

-- purge purges the subjects ARGV[first] to ARGV[last]. half is half of how many
-- marks to keep, most how many changes.
local function purge(verb, half, most, channel, first, last)
  local sequence, at = number('sequence') + 1, now()
  local young, old, changes, dropped = number('young'), number('old'), number('changes'), number('dropped')
  local floor, top, old_top = mark(state.floor), mark(state.top), mark(state.old_top)
  local change = {sequence, at, 0, 0}
  if verb == '2' then change[3], change[4] = sequence, at end

  for i = first, last do
    local subject = ARGV[i]
    -- A subject that was forgotten begins at the floor: a purge must not make
    -- it look older than the floor.
    local was = redis.call('HGET', YOUNG, subject) or redis.call('HGET', OLD, subject)
    local m = merge(was and mark(was) or floor, change)
    young = young + redis.call('HSET', YOUNG, subject, text(m))
    top = merge(top, m)
    if young >= half then -- forget the older half
      floor, old_top = merge(floor, old_top), top
      redis.call('UNLINK', OLD)
      redis.call('RENAME', YOUNG, OLD)
      young, old = 0, young
    end
    changes = changes + redis.call('ZADD', CHANGES, digits(sequence),
      digits(sequence) .. ' ' .. string.format('%07d', i) .. ' ' .. verb .. ' ' .. digits(at) .. ' ' .. subject)
  end

  if changes > most then -- drop the older half, every subject of a purge or none
    local cut = redis.call('ZRANGE', CHANGES, math.floor(changes / 2), math.floor(changes / 2), 'WITHSCORES')
    dropped = tonumber(cut[2])
    redis.call('ZREMRANGEBYSCORE', CHANGES, '-inf', digits(dropped))
    changes = redis.call('ZCARD', CHANGES)
  end

  state.sequence, state.top = digits(sequence), text(top)
  redis.call('HSET', STATE, 'sequence', state.sequence, 'young', digits(young), 'old', digits(old),
    'changes', digits(changes), 'dropped', digits(dropped),
    'floor', text(floor), 'top', state.top, 'old_top', text(old_top))
  redis.pcall('PUBLISH', channel, state.sequence) -- a hint: the purge is made in any case
end

-- marks reads the marks of the subjects ARGV[first] to ARGV[last].
local function marks(first, last)
  local found = {}
  for i = first, last, 500 do -- Lua's stack is bounded
    local j = math.min(i + 499, last)
    local young = redis.call('HMGET', YOUNG, unpack(ARGV, i, j))
    local old = redis.call('HMGET', OLD, unpack(ARGV, i, j))
    for k = 1, j - i + 1 do found[#found + 1] = young[k] or old[k] or state.floor end
  end
  return found
end

