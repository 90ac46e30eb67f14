-- The marks of conversations: of one user, or of all where the user is ''. ARGV: epoch, then conversation and user of each.
-- Answers for each {user, "read,delivered", …}, which holds an empty user with an empty mark, or {} where the marks are not loaded.
local answer = {}
for i = 2, #ARGV, 2 do
  local marks, user = 'm:' .. ARGV[i], ARGV[i + 1]
  local known = user ~= '' and redis.call('HGET', marks, user)
  if known then
    answer[#answer + 1] = {user, known}
  elseif user == '' then
    answer[#answer + 1] = redis.call('HGETALL', marks)
  elseif redis.call('EXISTS', marks) == 1 then
    answer[#answer + 1] = {'', ''}
  else
    answer[#answer + 1] = {}
  end
end
return answer
