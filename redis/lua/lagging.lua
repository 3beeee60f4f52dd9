-- Counts the instances that have not seen the purge ARGV[3]. Those whose acknowledgement was lost count as one.

if lost() then return {} end
local at, n = now(), 0
for _, value in ipairs(redis.call('HVALS', HEARD)) do
  local sequence, till = string.match(value, '^(%d+) (%d+)$')
  if tonumber(sequence) < tonumber(ARGV[3]) and tonumber(till) > at then n = n + 1 end
end
if number('lost_until') > at then n = n + 1 end
return answer(n)
