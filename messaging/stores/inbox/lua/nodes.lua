-- Which nodes hold sockets of these users. For every question: how many users, the users. Answers {node …} of each.
local answer = {}
local i = 2
while i <= #ARGV do
  local registrations = {}
  for j = i + 1, i + ARGV[i] do registrations[#registrations + 1] = 'r:' .. ARGV[j] end
  answer[#answer + 1] = redis.call('SUNION', unpack(registrations))
  i = i + 1 + ARGV[i]
end
return answer
