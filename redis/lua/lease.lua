-- Grants a lease at KEYS[8] or returns the one there is, which is granted again to the claim that has it. ARGV[3] is how long in microseconds, [4] the last token the caller knows, [5] for how many milliseconds to remember it, [6] the claim.

if lost() then return {} end
go_on()
local at, long = now(), tonumber(ARGV[3])
local token, till, claim = string.match(redis.call('GET', KEYS[8]) or '', '^(%d+) (%d+) ?(.*)$')
if token and tonumber(till) > at then
  return answer(claim == ARGV[6] and 1 or 0, tonumber(token), tonumber(till) - at)
end
-- Tokens follow the clock, so that they grow also if the last was lost.
local fresh = math.max(number('token') + 1, tonumber(ARGV[4]) + 1, at)
redis.call('SET', KEYS[8], digits(fresh) .. ' ' .. digits(at + long) .. ' ' .. ARGV[6], 'PX', digits(math.ceil(long / 1000) + tonumber(ARGV[5])))
redis.call('HSET', STATE, 'token', digits(fresh))
return answer(1, fresh, long)
