-- What every script of sessions begins with: the names of keys, and how a record is found, written and removed. ARGV[1] is the beginning of all keys.

-- Before version 7 a server may have to be told that effects are replicated:
-- a script that reads the clock does not do the same twice.
if redis.replicate_commands then redis.replicate_commands() end

-- digits writes a whole number, which Lua by itself would round.
local function digits(n) return string.format('%.0f', n) end

-- now is the server's time in microseconds.
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

local function record(id) return ARGV[1] .. 'session:' .. id end
local function owner(user) return ARGV[1] .. 'user:' .. user end

-- find reads a record of a kind; nil if it is not there. One that is not in its
-- user's list counts as missing: the server has evicted the list, and a revoke
-- would not find the record.
local function find(key, kind)
  local f = redis.call('HMGET', key, 'kind', 'user', 'data', 'made', 'used', 'expires', 'member')
  if not f[1] or f[1] ~= kind then return nil end
  if f[2] ~= '' and not redis.call('ZSCORE', owner(f[2]), f[7]) then return nil end
  return f
end

-- last is when a record may be forgotten, an hour after it expires, in
-- milliseconds; nil: never.
local function last(expires)
  if expires == '' then return nil end
  return math.max(tonumber(expires) + 3600000, 1)
end

-- tidy removes from a list what is forgotten, and lets the list end with its
-- last record.
local function tidy(list)
  redis.call('ZREMRANGEBYSCORE', list, '-inf', '(' .. digits(math.floor(now() / 1000)))
  local highest = redis.call('ZRANGE', list, -1, -1, 'WITHSCORES')[2]
  if highest == 'inf' then
    redis.call('PERSIST', list)
  elseif highest then
    redis.call('PEXPIREAT', list, digits(tonumber(highest)))
  end
end

-- enter puts a record into its user's list, by when it is forgotten, and makes
-- it be forgotten then.
local function enter(key, user, member, expires)
  local at = last(expires)
  if user ~= '' then
    redis.call('ZADD', owner(user), at and digits(at) or 'inf', member)
    tidy(owner(user))
  end
  if at then
    redis.call('PEXPIREAT', key, digits(at))
  else
    redis.call('PERSIST', key)
  end
end

-- write adds a record.
local function write(key, kind, user, data, made, used, expires, member)
  redis.call('HSET', key, 'kind', kind, 'user', user, 'data', data, 'made', made, 'used', used, 'expires', expires, 'member', member)
  enter(key, user, member, expires)
end

-- drop removes a record that was found.
local function drop(key, f)
  redis.call('DEL', key)
  if f[2] ~= '' then redis.call('ZREM', owner(f[2]), f[7]) end
end
