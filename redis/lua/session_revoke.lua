-- Removes the records of the list KEYS[1], and counts them. ARGV[2] is their kind, empty for all, [3] the IDs of those that stay.

local kind, removed = ARGV[2] .. ':', 0
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local id = string.sub(member, -64)
  if (kind == ':' or string.sub(member, 1, #kind) == kind) and not string.find(ARGV[3], id, 1, true) then
    removed = removed + redis.call('DEL', record(id))
    redis.call('ZREM', KEYS[1], member)
  end
end
return removed
