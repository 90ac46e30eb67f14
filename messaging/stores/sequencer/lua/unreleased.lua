-- The notes of one conversation above its head: seq, note, seq, note …; -1 where there is no counter.
local c = redis.call('HMGET', 'c:' .. ARGV[2], 'h', 'n')
if not c[1] then return -1 end
local found = {}
for seq = c[1] + 1, c[2] do
  local note = redis.call('HGET', 'o:' .. ARGV[2], seq)
  if note then
    found[#found + 1] = seq
    found[#found + 1] = note
  end
end
return found
