-- Sets when the record KEYS[1] was used and when it expires: 0 if it is not there. ARGV[2] is its kind, then come the times.

local f = find(KEYS[1], ARGV[2])
if not f then return 0 end
redis.call('HDEL', KEYS[1], '') -- a server that is out of memory does not stop a script that has written
redis.call('HSET', KEYS[1], 'used', ARGV[3], 'expires', ARGV[4])
enter(KEYS[1], f[2], f[7], ARGV[4])
return 1
