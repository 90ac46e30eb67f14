-- Marks whose time to be stored has come; they come again later unless settled. ARGV: epoch, how many, how long they are hidden (ms).
-- Answers conversation, user, "read,delivered", conversation, …
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local later, claimed = string.format('%.0f', now + ARGV[3]), {}
for _, place in ipairs(redis.call('ZRANGEBYSCORE', 'marks', '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[2])) do
  local conversation, user = string.match(place, '^(%d+):(%d+)$')
  local known = redis.call('HGET', 'm:' .. conversation, user)
  if known then
    redis.call('ZADD', 'marks', later, place)
    claimed[#claimed + 1] = conversation
    claimed[#claimed + 1] = user
    claimed[#claimed + 1] = known
  else
    redis.call('ZREM', 'marks', place)
  end
end
return claimed
