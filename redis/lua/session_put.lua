-- Adds the record KEYS[1]: 0 if it is there. From ARGV[2] on come its fields.

if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
write(KEYS[1], unpack(ARGV, 2))
return 1
