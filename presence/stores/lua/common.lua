-- Stands before every script of presence: what time it is, who is alive, and what a change of state does. Keys: docs/architecture.md.
-- ARGV: epoch, now (ms; empty: this shard's own clock), lease (ms), the caller's incarnation, number of the call, then each script's own.
local ON, OFF = 1, 0
local KEPT_SECONDS = 86400
local clock = redis.call('TIME')
local now = tonumber(ARGV[2]) or clock[1] * 1000 + math.floor(clock[2] / 1000)
local lease, me, order = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local changes = {}

-- Nobody is cleared before `quiet`: a shard that just began its life, or that heard nobody for a while (it or the network stood still, or
-- its clock jumped), must not take leases for expired that nobody could renew. Before `blank`, who is not known is not known to be offline.
local known = redis.call('HMGET', 'p', 'seen', 'quiet', 'blank')
local seen, quiet, blank = tonumber(known[1] or ''), tonumber(known[2] or '0'), tonumber(known[3] or '0')
if not seen then
  quiet, blank = now + lease, now + lease
elseif now - seen > lease / 2 then
  quiet = now + lease
elseif now < seen then -- the clock was set back: no promise may last longer than it would have
  quiet, blank = math.min(quiet, now + lease), math.min(blank, now + lease)
  for _, key in ipairs({'pl', 'pg'}) do
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', key, '(' .. string.format('%d', now + lease), '+inf')) do
      redis.call('ZADD', key, now + lease, member)
    end
  end
end
if not seen or now < seen or now - seen >= lease / 30 then redis.call('HSET', 'p', 'seen', now, 'quiet', quiet, 'blank', blank) end
local is_quiet, is_blank = now < quiet, now < blank

-- Renews the caller's lease; 1 when there was none any more: all that the caller said has to be said again.
local function beat()
  local deadline = redis.call('ZSCORE', 'pl', me)
  redis.call('ZADD', 'pl', now + lease, me)
  return (deadline and tonumber(deadline) > now) and 0 or 1
end

-- False for a call that comes after a later one: cut off for a while, and given up by its caller.
local function in_order()
  if order <= tonumber(redis.call('HGET', 'po', me) or '0') then return false end
  redis.call('HSET', 'po', me, order)
  return true
end

local function is_held(user)
  for _, field in ipairs(redis.call('HKEYS', 'p:' .. user)) do
    if string.sub(field, 1, 1) == '@' then
      local deadline = redis.call('ZSCORE', 'pl', string.sub(field, 2))
      if deadline and (is_quiet or tonumber(deadline) > now) then return true end
    end
  end
  return false
end

-- Notes the news for every node that watches this user, so that it finds it even if no packet arrives; answers with these nodes.
local function watching(user)
  local nodes = {}
  for _, node in ipairs(redis.call('SMEMBERS', 'w:' .. user)) do
    if redis.call('ZSCORE', 'pl', node) then
      redis.call('SADD', 'pn:' .. node, user)
      nodes[#nodes + 1] = node
    else
      redis.call('SREM', 'w:' .. user, node)
    end
  end
  return nodes
end

local function turn(user, state, at)
  local key = 'p:' .. user
  redis.call('HSET', key, 'at', at)
  if state == ON then
    redis.call('HSET', key, 'on', 1)
    redis.call('PERSIST', key)
  else
    redis.call('HDEL', key, 'on')
    redis.call('EXPIRE', key, KEPT_SECONDS)
  end
  redis.call('ZREM', 'pg', user)
  redis.call('HINCRBY', 'p', 'turn', 1)
  changes[#changes + 1] = {user, state, at, watching(user)}
end

-- {user, 1 online | 0 offline | -1 not known, last active}
local function standing(user)
  local found = redis.call('HMGET', 'p:' .. user, 'on', 'at')
  local state = found[1] and ON or (found[2] or not is_blank) and OFF or -1
  return {user, state, found[2]}
end

-- The state that an answer tells of: of two answers, the greater is the later.
local function moment()
  return {ARGV[1], redis.call('HGET', 'p', 'turn') or '0'}
end

