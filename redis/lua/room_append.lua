-- Appends entries: 0 if the room has moved. ARGV[2] is the room's name, [3] and [4] where it must be, [5] the owner's token, 0 for any, [6] the build, [7] and [8] where the room is then; then come the entries.

local r = load()
if not whole(r) then return LOST end
if (r.seq or '0') ~= ARGV[3] or (r.chain or NONE) ~= ARGV[4]
  or ARGV[5] ~= '0' and r.token ~= ARGV[5]
  or r.born and r.build ~= ARGV[6] then return 0 end
if not r.seq then redis.call('DEL', LOG, STATE) end -- left of a room that the server has evicted
for i = 9, #ARGV, 500 do -- Lua's stack is bounded
  redis.call('RPUSH', LOG, unpack(ARGV, i, math.min(i + 499, #ARGV)))
end
redis.call('HSET', ROOM, 'seq', ARGV[7], 'chain', ARGV[8], 'used', digits(now()))
redis.call('ZADD', INDEX, 0, ARGV[2])
return 1
