-- Notes that records were used. ARGV[3] is how long to keep them in milliseconds, then come the IDs; from KEYS[8] on the records.

if lost() then return {} end
local at = now()
for i = 4, #ARGV do
  local page, id = KEYS[i + 4], ARGV[i]
  if redis.call('HEXISTS', page, 'size') == 1 then
    local used = digits(at + i) -- no two alike
    redis.call('HSET', page, 'used', used)
    redis.call('PEXPIRE', page, ARGV[3])
    redis.call('ZADD', IDS, 0, id)
    redis.call('ZADD', USED, used, id)
  end
end
return answer()
