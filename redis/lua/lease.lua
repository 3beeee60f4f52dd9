-- Grants a lease at KEYS[8] or tells of the one there is. ARGV[3] is how long in microseconds, [4] the last token the caller knows, [5] for how many milliseconds to remember it.

if lost() then return {} end
go_on()
local at, long = now(), tonumber(ARGV[3])
local token, till = string.match(redis.call('GET', KEYS[8]) or '', '^(%d+) (%d+)$')
if token and tonumber(till) > at then return answer(0, tonumber(token), tonumber(till) - at) end
-- Tokens follow the clock, so that they grow also where the last was lost.
local fresh = math.max(number('token') + 1, tonumber(ARGV[4]) + 1, at)
redis.call('SET', KEYS[8], digits(fresh) .. ' ' .. digits(at + long), 'PX', digits(math.ceil(long / 1000) + tonumber(ARGV[5])))
redis.call('HSET', STATE, 'token', digits(fresh))
return answer(1, fresh, long)
