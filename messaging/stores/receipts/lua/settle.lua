-- Marks that are stored: done, unless they moved meanwhile. ARGV: epoch, how long marks live on (seconds), how long one waits to be stored
-- (ms); then conversation, user, "read,delivered" as stored, of each. What is not stored yet never expires before it is.
local clock = redis.call('TIME')
local due = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[3])
for i = 4, #ARGV, 3 do
  local place = ARGV[i] .. ':' .. ARGV[i + 1]
  redis.call('EXPIRE', 'm:' .. ARGV[i], ARGV[2])
  if redis.call('HGET', 'm:' .. ARGV[i], ARGV[i + 1]) == ARGV[i + 2] then
    redis.call('ZREM', 'marks', place)
  else
    redis.call('ZADD', 'marks', due, place)
  end
end
return 0
