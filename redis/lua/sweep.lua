-- What the steps of a sweep share. KEYS[8] is the sweeper's lease, then come the records; ARGV[3] is its token, [4] for how many microseconds to renew it.

local SWEEP = KEYS[8]

-- sweeping renews the sweeper's lease, or says that it was taken over.
local function sweeping()
  if string.match(redis.call('GET', SWEEP) or '', '^%d+') ~= ARGV[3] then return false end
  go_on()
  redis.call('SET', SWEEP, ARGV[3] .. ' ' .. digits(now() + tonumber(ARGV[4])), 'PX', digits(tonumber(ARGV[4]) / 1000))
  return true
end

-- remove removes a record, or what an evicted one left in the indexes.
local function remove(page, id)
  redis.call('UNLINK', page)
  redis.call('ZREM', IDS, id)
  redis.call('ZREM', USED, id)
end

