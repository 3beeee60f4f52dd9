-- What every script begins with: its keys, the store's state, and whether what the caller knows still holds.

-- Before version 7 a server may have to be told that effects are replicated:
-- a script that reads the clock does not do the same twice.
if redis.replicate_commands then redis.replicate_commands() end

local STATE, YOUNG, OLD, CHANGES, HEARD, IDS, USED = unpack(KEYS, 1, 7)
local known, seen = ARGV[1], tonumber(ARGV[2])

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

-- missing says whether a part is not as large as it was left, because the
-- server evicted it or somebody removed it.
local function missing_marks()
  return redis.call('HLEN', YOUNG) ~= number('young') or redis.call('HLEN', OLD) ~= number('old')
end
local function missing_changes() return redis.call('ZCARD', CHANGES) ~= number('changes') end
local function missing_heard() return redis.call('HLEN', HEARD) ~= number('heard') end

-- lost says whether something has to be mended before anything else: see
-- recover.lua. A script that finds this does nothing and answers {}.
local function lost()
  return not state.id or not state.sequence
    or (known ~= '' and (known ~= state.id or number('sequence') < seen))
    or missing_marks() or missing_changes() or missing_heard()
end

-- go_on makes the script's further commands work also where memory is full: a
-- server that is out of memory refuses a script's first write, but does not
-- stop one that has written. Removing nothing is a write that it allows.
local function go_on() redis.call('HDEL', STATE, '') end

local function answer(...) return {state.id, number('sequence'), ...} end

-- A mark is kept as four numbers: the sequence of the last purge and when, and
-- the same of the last that demands Expire.
local function mark(text)
  local a, b, c, d = string.match(text or '', '^(%d+) (%d+) (%d+) (%d+)$')
  return {tonumber(a) or 0, tonumber(b) or 0, tonumber(c) or 0, tonumber(d) or 0}
end

local function text(m)
  return digits(m[1]) .. ' ' .. digits(m[2]) .. ' ' .. digits(m[3]) .. ' ' .. digits(m[4])
end

local function merge(a, b)
  local m = {a[1], a[2], a[3], a[4]}
  if b[1] > m[1] then m[1], m[2] = b[1], b[2] end
  if b[3] > m[3] then m[3], m[4] = b[3], b[4] end
  return m
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

