-- Creates the state of a new store, and continues safely if something was lost. ARGV[3] is a random name, [4] the channel, [5] for how many microseconds instances rely on the purges they have seen.

if foreign() then
  -- An error is one line of text, and the owner may be anything.
  return redis.error_reply('FOREIGN ' .. (string.gsub(state.owner, '.', function(c) return string.format('%02x', string.byte(c)) end)))
end
go_on()
local at, raise = now(), false

if not state.id or not state.sequence then
  -- Either the store is new or its state is gone. What can be known of the
  -- old one makes sure that it does not count as new.
  raise = known ~= '' or redis.call('EXISTS', YOUNG, OLD, CHANGES, HEARD, IDS, USED) > 0
  local last = redis.call('ZREVRANGE', CHANGES, 0, 0, 'WITHSCORES')
  redis.call('UNLINK', STATE, YOUNG, OLD, CHANGES, HEARD)
  state = {id = ARGV[3] .. '-' .. digits(at), sequence = last[2] and digits(tonumber(last[2])) or '0', owner = mine}
elseif known ~= '' and known ~= state.id then
  -- Another store than the caller knew. It is safe to switch to it if it
  -- treats everything that the caller may have as purged.
  raise = mark(state.floor)[1] <= seen
else
  raise = known ~= '' and went_back() -- the latest purges were lost
end

local sequence, dropped = number('sequence'), number('dropped')
local young, old, changes = number('young'), number('old'), number('changes')
local floor, top, old_top = mark(state.floor), mark(state.top), mark(state.old_top)
local lost_until, heard = number('lost_until'), redis.call('HLEN', HEARD)

if raise then
  -- Later than any before: others may have known of more than the caller.
  sequence = math.max(sequence + 1, seen + 1, at)
  top = {sequence, at, sequence, at}
  lost_until = at + tonumber(ARGV[5])
end
if raise or missing_marks() then
  redis.call('UNLINK', YOUNG, OLD)
  young, old, floor, old_top = 0, 0, top, top
end
if raise or missing_changes() then
  redis.call('UNLINK', CHANGES)
  changes, dropped = 0, sequence
end
if missing_heard() then lost_until = math.max(lost_until, number('heard_until')) end

if (state.owner or '') == '' then state.owner = mine end
redis.call('HSET', STATE, 'id', state.id, 'owner', state.owner, 'sequence', digits(sequence), 'token', digits(number('token')),
  'young', digits(young), 'old', digits(old), 'changes', digits(changes), 'dropped', digits(dropped),
  'floor', text(floor), 'top', text(top), 'old_top', text(old_top),
  'heard', heard, 'heard_until', digits(number('heard_until')), 'lost_until', digits(lost_until))
state.sequence, state.top = digits(sequence), text(top)
redis.pcall('PUBLISH', ARGV[4], digits(sequence))
return answer()
