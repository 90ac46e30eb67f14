-- Claims push checks that are due; each comes again later. Answers conversation, seq, when it was due (ms), conversation, …
-- ARGV: epoch, now (ms, or '' for the clock of the shard), how many, how long they are hidden (ms).
local now = tonumber(ARGV[2])
if not now then
  local clock = redis.call('TIME')
  now = clock[1] * 1000 + math.floor(clock[2] / 1000)
end
local later, claimed = string.format('%.0f', now + ARGV[4]), {}
local due = redis.call('ZRANGEBYSCORE', 'push', '-inf', string.format('%.0f', now), 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for i = 1, #due, 2 do
  local seq = redis.call('HGET', 'c:' .. due[i], 'p')
  if seq then
    redis.call('ZADD', 'push', later, due[i])
    claimed[#claimed + 1] = due[i]
    claimed[#claimed + 1] = seq
    claimed[#claimed + 1] = due[i + 1]
  else -- its counters are gone: nothing was said there for two days
    redis.call('ZREM', 'push', due[i])
  end
end
return claimed
