-- Takes in the stored marks of a conversation, by maximum. ARGV: epoch, conversation, how long marks live on (seconds),
-- then user, read, delivered of each. The field of no user says that it was done.
local marks = 'm:' .. ARGV[2]
redis.call('HSET', marks, '', '')
for i = 4, #ARGV, 3 do
  local read, delivered = string.match(redis.call('HGET', marks, ARGV[i]) or '0,0', '^(%d+),(%d+)$')
  read, delivered = math.max(read, ARGV[i + 1]), math.max(delivered, ARGV[i + 2])
  redis.call('HSET', marks, ARGV[i], string.format('%.0f,%.0f', read, delivered))
end
redis.call('EXPIRE', marks, ARGV[3])
return 0
