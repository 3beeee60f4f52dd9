-- Removes records, the least recently used first. ARGV[5] is how many bytes are too many, [6] how many routes follow, each with how many records are too many; then come the IDs, each with when it was used.

if lost() then return {} end
if not sweeping() then return answer(0) end
local excess, routes = tonumber(ARGV[5]), tonumber(ARGV[6])
local over, less = {}, {}
for i = 7, 6 + 2 * routes, 2 do over[ARGV[i]] = tonumber(ARGV[i + 1]) end
local removed, freed, key = 0, 0, 9
for i = 7 + 2 * routes, #ARGV, 2 do
  local page, id = KEYS[key], ARGV[i]
  local size, route = unpack(redis.call('HMGET', page, 'size', 'route'))
  size = tonumber(size or '')
  if not size or not route then
    remove(page, id)
  elseif tonumber(redis.call('ZSCORE', USED, id) or '') == tonumber(ARGV[i + 1]) -- not used since it was seen
    and (excess > 0 or (over[route] or 0) > 0) then
    remove(page, id)
    removed, freed, excess = removed + 1, freed + size, excess - size
    if over[route] then over[route] = over[route] - 1 end
    less[route] = (less[route] or 0) + 1
  end
  key = key + 1
end
local found = answer(1, removed, freed)
for route, n in pairs(less) do
  found[#found + 1] = route
  found[#found + 1] = n
end
return found
