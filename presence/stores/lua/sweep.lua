-- Renews the caller's lease, clears what has expired, and tells the caller the news about those it watches.
-- ARGV[6]: how many at most; then pairs, user and state: what the caller told of the news before.
-- Answers {lease was lost, moment, changes, standings (news), 1 while unknown users may be online, 1 if there is more}.
local fresh = beat()
local limit = tonumber(ARGV[6])
local more = 0

for i = 7, #ARGV, 2 do
  if standing(ARGV[i])[2] == tonumber(ARGV[i + 1]) then redis.call('SREM', 'pn:' .. me, ARGV[i]) end
end

local function end_graces()
  local users = redis.call('ZRANGEBYSCORE', 'pg', '-inf', now, 'LIMIT', 0, limit)
  for _, user in ipairs(users) do
    turn(user, OFF, tonumber(redis.call('HGET', 'p:' .. user, 'at')) or now)
  end
  return #users
end

-- A node whose lease expired: its users are gone since it was last heard of, unless they are elsewhere or in their grace period.
local function bury(node, heard_at)
  local users = redis.call('SRANDMEMBER', 'pu:' .. node, limit)
  for _, user in ipairs(users) do
    local key = 'p:' .. user
    redis.call('SREM', 'pu:' .. node, user)
    redis.call('HDEL', key, '@' .. node)
    if redis.call('HEXISTS', key, 'on') == 1 and not redis.call('ZSCORE', 'pg', user) and not is_held(user) then
      turn(user, OFF, heard_at)
    end
  end
  local watched = redis.call('SPOP', 'pw:' .. node, limit)
  for _, user in ipairs(watched) do redis.call('SREM', 'w:' .. user, node) end
  if #users < limit and #watched < limit then
    redis.call('ZREM', 'pl', node)
    redis.call('HDEL', 'po', node)
    redis.call('DEL', 'pn:' .. node)
  end
  return math.max(#users, #watched)
end

if not is_quiet then
  if end_graces() == limit then more = 1 end
  local dead = redis.call('ZRANGEBYSCORE', 'pl', '-inf', now, 'WITHSCORES', 'LIMIT', 0, 2)
  for i = 1, #dead, 2 do
    if bury(dead[i], tonumber(dead[i + 1]) - lease) == limit then more = 1 end
  end
  if #dead == 4 then more = 1 end
end

local news = {}
for _, user in ipairs(redis.call('SRANDMEMBER', 'pn:' .. me, limit)) do news[#news + 1] = standing(user) end
if #news == limit then more = 1 end
return {fresh, moment(), changes, news, is_blank and 1 or 0, more}
