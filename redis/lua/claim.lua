-- Says that the store belongs to ARGV[3], and tells whose it is. With ARGV[4] as 1 it takes the store from another, and purges ARGV[8]; [5] to [7] are as bump.lua has them.

if lost() then return {} end
local owner = state.owner or ''
if owner == ARGV[3] or owner ~= '' and ARGV[4] ~= '1' then return answer(owner) end
go_on()
redis.call('HSET', STATE, 'owner', ARGV[3])
if owner ~= '' then purge('2', tonumber(ARGV[5]), tonumber(ARGV[6]), ARGV[7], 8, #ARGV) end
return answer(ARGV[3])
