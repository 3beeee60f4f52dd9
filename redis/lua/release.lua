-- Gives back the lease at KEYS[8], if its token still is ARGV[3].

if lost() then return {} end
if string.match(redis.call('GET', KEYS[8]) or '', '^%d+') == ARGV[3] then redis.call('DEL', KEYS[8]) end
return answer()
