-- Purges subjects. ARGV[3] is the verb, [4] half of how many marks to keep, [5] how many changes, [6] the channel.

if lost() then return {} end
local verb, half, most, channel = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
go_on()
local sequence, at = number('sequence') + 1, now()
local young, old, changes, dropped = number('young'), number('old'), number('changes'), number('dropped')
local floor, top, old_top = mark(state.floor), mark(state.top), mark(state.old_top)
local change = {sequence, at, 0, 0}
if verb == '2' then change[3], change[4] = sequence, at end

for i = 7, #ARGV do
  local subject = ARGV[i]
  -- A subject that was forgotten begins at the floor, lest a purge make it
  -- look better than it was.
  local last = redis.call('HGET', YOUNG, subject) or redis.call('HGET', OLD, subject)
  local m = merge(last and mark(last) or floor, change)
  young = young + redis.call('HSET', YOUNG, subject, text(m))
  top = merge(top, m)
  if young >= half then -- forget the older half
    floor, old_top = merge(floor, old_top), top
    redis.call('UNLINK', OLD)
    redis.call('RENAME', YOUNG, OLD)
    young, old = 0, young
  end
  changes = changes + redis.call('ZADD', CHANGES, digits(sequence),
    digits(sequence) .. ' ' .. string.format('%07d', i) .. ' ' .. verb .. ' ' .. digits(at) .. ' ' .. subject)
end

if changes > most then -- drop the older half, every subject of a purge or none
  local cut = redis.call('ZRANGE', CHANGES, math.floor(changes / 2), math.floor(changes / 2), 'WITHSCORES')
  dropped = tonumber(cut[2])
  redis.call('ZREMRANGEBYSCORE', CHANGES, '-inf', digits(dropped))
  changes = redis.call('ZCARD', CHANGES)
end

redis.call('HSET', STATE, 'sequence', digits(sequence), 'young', digits(young), 'old', digits(old),
  'changes', digits(changes), 'dropped', digits(dropped),
  'floor', text(floor), 'top', text(top), 'old_top', text(old_top))
state.sequence = digits(sequence)
redis.pcall('PUBLISH', channel, digits(sequence)) -- a hint: the purge is made in any case
return answer()
