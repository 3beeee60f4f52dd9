-- The fence of a write. PAGE and LEASE are the keys, ARGV[3] the epoch, [4] the token.

local PAGE, LEASE = KEYS[8], KEYS[9]

-- refused is 0, or 1 where there is a record of a later epoch, or 2 where the
-- lease was taken over or forgotten.
local function refused()
  local store, epoch = unpack(redis.call('HMGET', PAGE, 'store', 'epoch'))
  if store == state.id and tonumber(epoch or '0') > tonumber(ARGV[3]) then return 1 end
  if ARGV[4] ~= '0' and string.match(redis.call('GET', LEASE) or '', '^%d+') ~= ARGV[4] then return 2 end
  return 0
end

