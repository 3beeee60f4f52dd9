-- Reads the marks of subjects.

if lost() then return {} end
local found = marks(3, #ARGV)
table.insert(found, 1, state.id)
table.insert(found, 2, head())
return found
