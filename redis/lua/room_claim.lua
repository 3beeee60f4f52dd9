-- Gives the room to an instance, or says who owns it. ARGV[2] is the room's name, [3] the instance, [4] its build, [5] for how many microseconds it has been running, [6] the token of the owner that does not answer, [7] how many microseconds there are between two takeovers.

local r, me, at = load(), ARGV[3], now()
local self = lease(me)
if me ~= '' and not self then return {'absent'} end

local owner, token = lease(r.owner), r.token or '0'
local function seat(id, who) return {'seat', token, id, who and who[1] or '', who and who[2] or ''} end
local mine = me ~= '' and r.owner == me
if owner and not mine and (me == '' or ARGV[6] == '0' or ARGV[6] ~= token
  or r.over and at - tonumber(r.over) < tonumber(ARGV[7])) then return seat(r.owner, owner) end

-- What decides between builds is which process was started later.
local born = at - tonumber(ARGV[5])
if r.born and r.build ~= ARGV[4] and tonumber(r.born) > born then return {'superseded'} end

go_on()
if me ~= '' and not (mine and owner) then
  token = digits(math.max(tonumber(token) + 1, at)) -- also greater than one of a room that was swept
  redis.call('HSET', ROOM, 'owner', me, 'token', token)
  if owner then redis.call('HSET', ROOM, 'over', digits(at)) end
end
if not r.born or r.build ~= ARGV[4] or tonumber(r.born) < born then
  redis.call('HSET', ROOM, 'build', ARGV[4], 'born', digits(born))
end
redis.call('HSET', ROOM, 'used', digits(at))
redis.call('ZADD', INDEX, 0, ARGV[2])
return seat(me, self)
