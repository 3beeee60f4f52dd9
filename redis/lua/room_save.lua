-- Stores a snapshot of the room: 0 if the room has not come to its position. ARGV[2] and [3] are the position, [4] is how many entries to keep before that, [5] the snapshot.

local r, n = load(), tonumber(ARGV[2])
if not whole(r) then return LOST end
if r.from and n < tonumber(r.from) then return 1 end -- a later one is stored
if n > r.at then return 0 end
local chain = NONE
if r.from and n == tonumber(r.from) then
  chain = r.fromchain
elseif n > 0 then
  chain = string.sub(redis.call('LINDEX', LOG, digits(n - r.removed - 1)), 1, 16)
end
if chain ~= ARGV[3] then return 0 end
if not r.seq then return 1 end -- there is nothing to remember
go_on()
redis.call('SET', STATE, ARGV[5])
local gone = math.max(r.removed, n - tonumber(ARGV[4]))
redis.call('LTRIM', LOG, digits(gone - r.removed), -1)
redis.call('HSET', ROOM, 'from', ARGV[2], 'fromchain', ARGV[3], 'gone', digits(gone))
return 1
