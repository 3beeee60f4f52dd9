-- Gives up the room, if ARGV[2] is the token of its owner.

local r = load()
if r.token and r.token == ARGV[2] then
  go_on()
  redis.call('HSET', ROOM, 'owner', '')
end
return 1
