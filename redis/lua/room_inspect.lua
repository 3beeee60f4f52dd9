-- Says how the room stands: where it is, where its snapshot is of, how many entries are not stored any more, for how many microseconds it was not used, its last build, its owner with its address, and for how many microseconds the owner's lease still is.

local r = load()
if not whole(r) then return LOST end
local owner, rest = lease(r.owner), '0'
if owner then -- an instance of an earlier version does not say until when
  local till = redis.call('HMGET', ARGV[1] .. 'instance:' .. r.owner, 'until')[1]
  rest = digits(math.max(tonumber(till or '0') - now(), 0))
end
local idle = '0'
if r.used then idle = digits(math.max(now() - tonumber(r.used), 0)) end
return {r.seq or '0', r.chain or NONE, r.from or '0', r.fromchain or NONE, digits(r.removed), idle, r.build or '',
  owner and r.owner or '', owner and owner[1] or '', rest}
