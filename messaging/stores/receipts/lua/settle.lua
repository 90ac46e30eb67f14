-- Marks that are stored: done, unless they moved meanwhile. ARGV: epoch, how long a mark waits to be stored (ms); then conversation, user,
-- "read,delivered" as stored, of each.
local clock = redis.call('TIME')
local due = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[2])
for i = 3, #ARGV, 3 do
  local place = ARGV[i] .. ':' .. ARGV[i + 1]
  if redis.call('HGET', 'm:' .. ARGV[i], ARGV[i + 1]) == ARGV[i + 2] then
    redis.call('ZREM', 'marks', place)
  else
    redis.call('ZADD', 'marks', due, place)
  end
end
return 0
