-- The highest seq each device acknowledged. ARGV: epoch, then device and conversation of each.
local answer = {}
for i = 2, #ARGV, 2 do
  answer[#answer + 1] = redis.call('HGET', 'a:' .. ARGV[i], ARGV[i + 1]) or '0'
end
return answer
