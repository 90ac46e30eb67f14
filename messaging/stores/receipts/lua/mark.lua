-- Raises marks by maximum. Answers for each {read, delivered, 1 if it moved}, or {} where the marks of the conversation are not loaded.
-- ARGV: epoch, how long one waits to be stored (ms); then conversation, user, read, delivered of each.
local clock = redis.call('TIME')
local due = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[2])

local function mark(conversation, user, read, delivered)
  local marks = 'm:' .. conversation
  local known = redis.call('HGET', marks, user)
  if not known and redis.call('EXISTS', marks) == 0 then return {} end
  local known_read, known_delivered = string.match(known or '0,0', '^(%d+),(%d+)$')
  known_read, known_delivered = tonumber(known_read), tonumber(known_delivered)
  read = math.max(known_read, read)
  delivered = math.max(known_delivered, delivered, read)
  local moved = read > known_read or delivered > known_delivered
  if moved then
    redis.call('HSET', marks, user, string.format('%.0f,%.0f', read, delivered))
    redis.call('ZADD', 'marks', 'NX', due, conversation .. ':' .. user)
  end
  return {read, delivered, moved and 1 or 0}
end

local answer = {}
for i = 3, #ARGV, 4 do
  answer[#answer + 1] = mark(ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]))
end
return answer
