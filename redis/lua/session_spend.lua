-- Takes one unit of the limit KEYS[1]: 0, or how many microseconds to wait for one. ARGV[2] is how long a unit takes to come back, [3] how long all do.

local at, every, full = now(), tonumber(ARGV[2]), tonumber(ARGV[3])
local back = math.max(tonumber(redis.call('GET', KEYS[1]) or '') or 0, at) + every
if back - at > full then return digits(back - at - full) end
redis.call('SET', KEYS[1], digits(back), 'PX', digits(math.ceil((back - at) / 1000)))
return '0'
