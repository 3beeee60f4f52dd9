-- What every script of rooms begins with. ARGV[1] is the beginning of all keys. A room is a hash ROOM, the list LOG of its last entries, and the string STATE, its snapshot; INDEX has the names of all.

-- Before version 7 a server may have to be told that effects are replicated:
-- a script that reads the clock does not do the same twice.
if redis.replicate_commands then redis.replicate_commands() end

local ROOM, LOG, STATE, INDEX = unpack(KEYS, 1, 4)
local NONE = '0000000000000000' -- the chain of a room without entries

-- digits writes a whole number, which Lua by itself would round.
local function digits(n) return string.format('%.0f', n) end

-- now is the server's time in microseconds.
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

-- lease is the address and the key of an instance, nil if it has no lease.
local function lease(id)
  if not id or id == '' then return nil end
  local l = redis.call('HMGET', ARGV[1] .. 'instance:' .. id, 'address', 'key')
  if not l[1] then return nil end
  return l
end

-- go_on makes the script's further commands work also where memory is full: a
-- server that is out of memory refuses a script's first write, but does not
-- stop one that has written. Removing nothing is a write that it allows.
local function go_on() redis.call('HDEL', ROOM, '') end

-- The fields of a room. seq, chain: where it is; gone: how many entries are not
-- stored any more; from, fromchain: where its snapshot is of.
local names = {'seq', 'chain', 'gone', 'from', 'fromchain', 'owner', 'token', 'over', 'build', 'born', 'used'}

local function load()
  local values, r = redis.call('HMGET', ROOM, unpack(names)), {}
  for i, name in ipairs(names) do r[name] = values[i] or nil end
  r.at, r.removed = tonumber(r.seq or '0'), tonumber(r.gone or '0')
  return r
end

-- whole says that nothing of a room is missing, as where the server has evicted
-- a part. What was left of a room that is gone is removed.
local function whole(r)
  if not r.seq then return true end
  return redis.call('LLEN', LOG) == r.at - r.removed and (not r.from or redis.call('EXISTS', STATE) == 1)
end
local LOST = {err = 'LOST a part of a room'}

