-- Lists the changes after the sequence ARGV[3].

if lost() then return {} end
local found = redis.call('ZRANGEBYSCORE', CHANGES, '(' .. ARGV[3], '+inf')
table.insert(found, 1, state.id)
table.insert(found, 2, head())
table.insert(found, 3, number('dropped'))
return found
