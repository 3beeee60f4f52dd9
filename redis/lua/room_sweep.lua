-- Removes some rooms that are not used any more: how many, and the last name that was looked at, none at the end. KEYS[1] is the index. ARGV[2] is what their names begin with, [3] where in their order to begin, [4] for how many microseconds they were not used, [5] how many to remove at most, [6] how many to look at.

local prefix, at, most, removed = ARGV[2], now() - tonumber(ARGV[4]), tonumber(ARGV[5]), 0
local last = ''
for _, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[3], '+', 'LIMIT', 0, ARGV[6])) do
  if removed >= most or string.sub(name, 1, #prefix) ~= prefix then
    last = ''
    break
  end
  last = name
  local f = redis.call('HMGET', ARGV[1] .. 'room:' .. name, 'owner', 'used')
  if not f[2] or tonumber(f[2]) <= at and not lease(f[1]) then
    redis.call('UNLINK', ARGV[1] .. 'room:' .. name, ARGV[1] .. 'roomlog:' .. name, ARGV[1] .. 'roomstate:' .. name)
    redis.call('ZREM', KEYS[1], name)
    if f[2] then removed = removed + 1 end
  end
end
return {removed, last}
