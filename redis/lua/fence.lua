-- The fence of a write. PAGE and LEASE are the keys, ARGV[3] the epoch, [4] the token, [5] how many subjects follow.

local PAGE, LEASE = KEYS[8], KEYS[9]
local epoch, token, subjects = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])

-- refused is 0, or which subject was purged, or -1 where the lease was taken
-- over or forgotten, or -2 where the epoch is of purges this store never had.
local function refused()
  for i, m in ipairs(marks(6, 5 + subjects)) do
    if mark(m)[1] > epoch then return i end
  end
  if subjects > 0 and epoch > number('sequence') then return -2 end
  if token ~= '0' and string.match(redis.call('GET', LEASE) or '', '^%d+') ~= token then return -1 end
  return 0
end

