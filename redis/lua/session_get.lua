-- Reads the record KEYS[1]. ARGV[2] is its kind.

return find(KEYS[1], ARGV[2]) or {}
