-- Keeps, by maximum, what devices have. ARGV: epoch, how long it is remembered (seconds), then device, conversation, seq of each.
local answer = {}
for i = 3, #ARGV, 3 do
  local device, conversation, seq = 'a:' .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local known = redis.call('HGET', device, conversation)
  if not known or tonumber(known) < tonumber(seq) then redis.call('HSET', device, conversation, seq) end
  redis.call('EXPIRE', device, ARGV[2])
  answer[#answer + 1] = 0
end
return answer
