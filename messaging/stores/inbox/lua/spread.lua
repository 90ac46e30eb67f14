-- Appends entries to inboxes. Answers {epoch, {node …} of each spread, position of each spread}.
-- ARGV: epoch, now (ms, or '' for the clock of the shard), how many entries an inbox keeps, how long it lives (seconds), how many spreads;
-- then for each: kind, conversation, seq, how many users, the users. Ids stay strings: they are longer than a number here is exact.
local kept, lives = ARGV[3], ARGV[4]
local ms, number = reserve(ARGV[2], tonumber(ARGV[5]))
local is_sixteenth = number == 0 and ms % 16 == 0 -- to set expiry each time would cost as much as the entries
local named, positions, unions = {}, {}, {}
local i = 6
while i <= #ARGV do
  local kind, conversation, seq, count = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
  local position, registrations = ms .. '-' .. string.format('%.0f', number + #positions), {}
  for j = i + 4, i + 3 + count do
    redis.call('XADD', 'x:' .. ARGV[j], 'MAXLEN', '~', kept, position, 'k', kind, 'c', conversation, 's', seq)
    if is_sixteenth then redis.call('EXPIRE', 'x:' .. ARGV[j], lives) end
    registrations[#registrations + 1] = 'r:' .. ARGV[j]
  end
  local together = table.concat(registrations, ' ')
  unions[together] = unions[together] or redis.call('SUNION', unpack(registrations))
  named[#named + 1] = unions[together]
  positions[#positions + 1] = position
  i = i + 4 + count
end
return {ARGV[1], named, positions}
