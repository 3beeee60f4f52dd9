-- Puts the record KEYS[2] in the place of KEYS[1], of the same kind: 0 if that is not there, 2 if the new one is. From ARGV[2] on come the fields of the new one.

local old = find(KEYS[1], ARGV[2])
if not old then return 0 end
if KEYS[1] ~= KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then return 2 end
drop(KEYS[1], old)
write(KEYS[2], unpack(ARGV, 2))
return 1
