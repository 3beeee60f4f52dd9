-- Removes the record KEYS[1] and returns it. ARGV[2] is its kind.

local f = find(KEYS[1], ARGV[2])
if not f then return {} end
drop(KEYS[1], f)
return f
