-- Notes that are due, oldest first: conversation, seq, note …; each is due again after a while, so that somebody else may finish it then.
-- ARGV: epoch, how many, when again (ms).
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local found = {}
for _, place in ipairs(redis.call('ZRANGEBYSCORE', 'due', '-inf', now, 'LIMIT', 0, ARGV[2])) do
  local conversation, seq = string.match(place, '^(%d+):(%d+)$')
  local note = redis.call('HGET', 'o:' .. conversation, seq)
  if note then
    redis.call('ZADD', 'due', now + ARGV[3], place)
    found[#found + 1] = conversation
    found[#found + 1] = seq
    found[#found + 1] = note
  else
    redis.call('ZREM', 'due', place)
  end
end
return found
