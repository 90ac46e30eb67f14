-- Registers users' nodes, takes them out, or only looks. Answers {epoch, position …}: the last position of each user's inbox.
-- ARGV: epoch, now (ms, or '' for the clock of the shard), how long an inbox lives (seconds), how long a node's name holds unless it is
-- repeated (ms), how long a registration does (seconds); then for every item: 'register', 'unregister' or 'look', the user, the node.
local node_holds, holds = tonumber(ARGV[4]), ARGV[5]
local clock = redis.call('TIME')
local present = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function last_position(user)
  local inbox = 'x:' .. user
  local last = redis.call('XREVRANGE', inbox, '+', '-', 'COUNT', 1)[1]
  return last and last[1] or begin(inbox, ARGV[2], ARGV[3])
end

-- Names of nodes that died go when somebody else registers for the same user, or with the whole set.
local function register(user, node)
  local registered, known = 'r:' .. user, false
  for _, name in ipairs(redis.call('SMEMBERS', registered)) do
    if name == node then
      known = true
    elseif not redis.call('ZSCORE', 'nodes', name) then
      redis.call('SREM', registered, name)
    end
  end
  if not known then redis.call('SADD', registered, node) end
  redis.call('EXPIRE', registered, holds)
end

redis.call('ZREMRANGEBYSCORE', 'nodes', '-inf', string.format('%.0f', present))
local answer, renewed = {ARGV[1]}, {}
for i = 6, #ARGV, 3 do
  local what, user, node = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if what == 'register' then
    if not renewed[node] then
      redis.call('ZADD', 'nodes', string.format('%.0f', present + node_holds), node)
      renewed[node] = true
    end
    register(user, node)
  elseif what == 'unregister' then
    redis.call('SREM', 'r:' .. user, node)
  end
  answer[#answer + 1] = last_position(user)
end
return answer
