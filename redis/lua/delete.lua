-- Removes a record unless the fence refuses. ARGV[5] is the ID.

if lost() then return {} end
local why = refused()
if why ~= 0 then return answer(why) end
local id = ARGV[5]
redis.call('UNLINK', PAGE)
redis.call('ZREM', IDS, id)
redis.call('ZREM', USED, id)
return answer(0)
