-- Purges subjects. ARGV[3] is the verb, [4] half of how many marks to keep, [5] how many changes, [6] the channel.

if lost() then return {} end
go_on()
purge(ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], 7, #ARGV)
return answer()
