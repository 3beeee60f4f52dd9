-- Removes a record unless the fence refuses. After the subjects: the ID.

if lost() then return {} end
local why = refused()
if why ~= 0 then return answer(why) end
local id = ARGV[6 + subjects]
redis.call('UNLINK', PAGE)
redis.call('ZREM', IDS, id)
redis.call('ZREM', USED, id)
return answer(0)
