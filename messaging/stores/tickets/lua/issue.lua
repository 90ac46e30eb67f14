-- Keeps tickets. ARGV: epoch, then digest, holder, how long it is good (ms) of each.
local answer = {}
for i = 2, #ARGV, 3 do
  redis.call('SET', 't:' .. ARGV[i], ARGV[i + 1], 'PX', ARGV[i + 2])
  answer[#answer + 1] = 0
end
return answer
