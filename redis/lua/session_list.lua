-- Lists the records of the list KEYS[1], the oldest first. ARGV[2] is their kind, [3] how many at most.

local kind, names, found = ARGV[2] .. ':', {}, {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if string.sub(member, 1, #kind) == kind then names[#names + 1] = member end
end
table.sort(names)
for _, member in ipairs(names) do
  if #found >= tonumber(ARGV[3]) then break end
  local id = string.sub(member, -64)
  local f = find(record(id), ARGV[2])
  if f then
    f[7] = id
    found[#found + 1] = f
  end
end
return found
