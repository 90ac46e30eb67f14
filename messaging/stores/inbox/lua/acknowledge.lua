-- Keeps, by maximum, what devices have. ARGV: epoch, how long it is remembered, about (seconds), then device, conversation, seq of each.
local answer = {}
for i = 3, #ARGV, 3 do
  local device, conversation, seq = 'a:' .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local known = redis.call('HGET', device, conversation)
  if not known or tonumber(known) < tonumber(seq) then
    redis.call('HSET', device, conversation, seq)
    if not known or seq % 8 == 0 then redis.call('EXPIRE', device, ARGV[2]) end -- each time would cost more than the rest
  end
  answer[#answer + 1] = 0
end
return answer
