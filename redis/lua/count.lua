-- Counts records by route, and repairs the indexes. From ARGV[5] on come the IDs.

if lost() then return {} end
if not sweeping() then return answer(0) end
local kept, size, removed, freed, routes = 0, 0, 0, 0, {}
for i = 5, #ARGV do
  local page, id = KEYS[i + 4], ARGV[i]
  local store, bytes, route, used = unpack(redis.call('HMGET', page, 'store', 'size', 'route', 'used'))
  bytes = tonumber(bytes or '')
  if not bytes or not route or not used then -- evicted, or damaged
    remove(page, id)
  elseif store ~= state.id then -- left from before everything was lost
    remove(page, id)
    removed, freed = removed + 1, freed + bytes
  else
    kept, size = kept + 1, size + bytes
    routes[route] = (routes[route] or 0) + 1
    redis.call('ZADD', IDS, 0, id)
    redis.call('ZADD', USED, 'NX', used, id)
  end
end
local found = answer(1, kept, size, removed, freed)
for route, n in pairs(routes) do
  found[#found + 1] = route
  found[#found + 1] = n
end
return found
