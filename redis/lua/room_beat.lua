-- Begins the lease of the instance KEYS[1]. ARGV[2] is its address, [3] its key, [4] how long the lease is in milliseconds.

redis.call('HDEL', KEYS[1], '')
redis.call('HSET', KEYS[1], 'address', ARGV[2], 'key', ARGV[3], 'until', digits(now() + tonumber(ARGV[4]) * 1000))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
