-- Gives the room to an instance, or says who owns it. ARGV[2] is the room's name, [3] the instance, [4] its build, [5] for how many microseconds it has been running, [6] the token of the owner that does not answer, [7] how many microseconds there are between two takeovers.

local r, me, at = load(), ARGV[3], now()
local self = lease(me)
if me ~= '' and not self then return {'absent'} end
if r.since and r.build ~= ARGV[4] and tonumber(r.since) > at - tonumber(ARGV[5]) then return {'superseded'} end

local owner, token = lease(r.owner), r.token or '0'
local function seat(id, who) return {'seat', token, id, who and who[1] or '', who and who[2] or ''} end

local taken, over = me ~= '' and not owner, r.over
if owner and me ~= '' and r.owner ~= me then
  if ARGV[6] == '0' or ARGV[6] ~= token or over and at - tonumber(over) < tonumber(ARGV[7]) then return seat(r.owner, owner) end
  taken, over = true, digits(at)
end

go_on()
if taken then
  token = digits(math.max(tonumber(token) + 1, at)) -- also greater than one of a room that was swept
  redis.call('HSET', ROOM, 'owner', me, 'token', token)
  if over then redis.call('HSET', ROOM, 'over', over) end
end
if not r.since or r.build ~= ARGV[4] then redis.call('HSET', ROOM, 'build', ARGV[4], 'since', digits(at)) end
redis.call('HSET', ROOM, 'used', digits(at))
redis.call('ZADD', INDEX, 0, ARGV[2])
if me ~= '' then return seat(me, self) end
return seat(owner and r.owner or '', owner)
