-- Marks messages as stored: the head moves over every consecutive one, and what is released sets a push check. Answers each one's head, -1
-- where there is no counter. ARGV: epoch, now (ms, or '' for the clock of the shard), how long a push check waits (ms); then conversation,
-- seq, and 1 if it pushes, of each.
-- Keys: c:{conversation}; s:{conversation} set of seqs that are stored and wait for a lower one; push: conversations by when to look.
local now, push_delay = ARGV[2], tonumber(ARGV[3])
local heads, states = {}, {}

local function state_of(conversation)
  local state = states[conversation]
  if not state then
    local waiting = 's:' .. conversation
    state = {head = tonumber(redis.call('HGET', 'c:' .. conversation, 'h') or '-1'), waits = redis.call('EXISTS', waiting) == 1}
    state.before = state.head
    states[conversation] = state
  end
  return state
end

for i = 4, #ARGV, 3 do
  local conversation, seq = ARGV[i], tonumber(ARGV[i + 1])
  local state, waiting = state_of(conversation), 's:' .. ARGV[i]
  if state.head >= 0 and seq > state.head and ARGV[i + 2] == '1' then state.pushes = math.max(state.pushes or 0, seq) end
  if state.head >= 0 and seq == state.head + 1 then
    state.head = seq
    while state.waits and redis.call('SREM', waiting, state.head + 1) == 1 do state.head = state.head + 1 end
  elseif state.head >= 0 and seq > state.head then
    redis.call('SADD', waiting, seq)
    redis.call('EXPIRE', waiting, 345600)
    state.waits = true
  end
  heads[#heads + 1] = state
end

local checks = {}
if now == '' then
  local clock = redis.call('TIME')
  now = clock[1] * 1000 + math.floor(clock[2] / 1000)
end
local due = string.format('%.0f', now + push_delay)
for conversation, state in pairs(states) do
  if state.head > state.before then redis.call('HSET', 'c:' .. conversation, 'h', state.head) end
  if state.pushes then
    redis.call('HSET', 'c:' .. conversation, 'p', state.pushes)
    checks[#checks + 1] = due
    checks[#checks + 1] = conversation
  end
end
if #checks > 0 then redis.call('ZADD', 'push', 'LT', unpack(checks)) end -- the first unseen message decides when to look
for i, state in ipairs(heads) do heads[i] = state.head end
return heads
