-- Reads the end of the room: where it is, where the snapshot is of, the snapshot, entries. ARGV[2] is after how many entries, [3] how many at most.

local r, after, limit = load(), tonumber(ARGV[2]), tonumber(ARGV[3])
if not whole(r) then return LOST end
local state, from, fromchain = false, digits(after), NONE
if after > r.at or after < r.removed then
  from = '0'
  if r.from then state, from, fromchain = redis.call('GET', STATE), r.from, r.fromchain end
end
local entries = {}
if limit > 0 and r.seq then
  local first = tonumber(from) - r.removed
  entries = redis.call('LRANGE', LOG, digits(first), digits(first + limit - 1))
end
return {r.seq or '0', r.chain or NONE, from, fromchain, state, entries}
