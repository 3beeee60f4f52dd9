-- Writes a record unless the fence refuses. ARGV[5] is the ID, [6] how long to keep it in milliseconds, then come its fields.

if lost() then return {} end
local why = refused()
if why ~= 0 then return answer(why) end
local at = digits(now())
local id, keep, data, sum, size, epoch, route, path, locale = unpack(ARGV, 5)
redis.call('HSET', PAGE, 'store', state.id, 'data', data, 'sum', sum, 'size', size, 'epoch', epoch,
  'route', route, 'path', path, 'locale', locale, 'used', at)
redis.call('PEXPIRE', PAGE, keep)
redis.call('ZADD', IDS, 0, id)
redis.call('ZADD', USED, at, id)
return answer(0)
