-- Records that the instance ARGV[3] has seen the purges up to ARGV[4], for ARGV[5] microseconds.

if lost() then return {} end
go_on()
local at, till = now(), number('heard_until')
local heard = redis.call('HGETALL', HEARD)
for i = 1, #heard, 2 do
  if tonumber(string.match(heard[i + 1], ' (%d+)$')) <= at then redis.call('HDEL', HEARD, heard[i]) end
end
if tonumber(ARGV[5]) > 0 then
  local own = at + tonumber(ARGV[5])
  redis.call('HSET', HEARD, ARGV[3], ARGV[4] .. ' ' .. digits(own))
  till = math.max(till, own)
else
  redis.call('HDEL', HEARD, ARGV[3])
end
redis.call('HSET', STATE, 'heard', redis.call('HLEN', HEARD), 'heard_until', digits(till))
return answer()
