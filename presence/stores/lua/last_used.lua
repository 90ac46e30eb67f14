-- When devices were last in use: now, if they are. A node that died knew until its last word. Answers for each user: device, ms, …
local answers = {}
for i = 6, #ARGV do
  local found, used = redis.call('HGETALL', 'pa:' .. ARGV[i]), {}
  for j = 1, #found, 2 do
    local at = tonumber(found[j + 1])
    if not at then
      local deadline = tonumber(redis.call('ZSCORE', 'pl', string.sub(found[j + 1], 2)) or '')
      if deadline then at = (is_quiet or deadline > now) and now or deadline - lease end
    end
    if at then
      used[#used + 1] = found[j]
      used[#used + 1] = string.format('%d', at)
    end
  end
  answers[#answers + 1] = used
end
return answers
