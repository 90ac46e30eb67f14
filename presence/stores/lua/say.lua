-- Who is here at the caller, and who is not any more. Pairs: user; empty for here, else the grace period (ms; 0: offline at once).
-- Answers {lease was lost, moment, changes}.
local fresh = beat()
if in_order() then
  for i = 6, #ARGV, 2 do
    local user, grace = ARGV[i], tonumber(ARGV[i + 1])
    local key = 'p:' .. user
    if not grace then
      redis.call('HSET', key, '@' .. me, 1)
      redis.call('SADD', 'pu:' .. me, user)
      redis.call('ZREM', 'pg', user)
      if redis.call('HEXISTS', key, 'on') == 0 then turn(user, ON, now) end
    elseif redis.call('HDEL', key, '@' .. me) == 1 then
      redis.call('SREM', 'pu:' .. me, user)
      if redis.call('HEXISTS', key, 'on') == 1 then
        redis.call('HSET', key, 'at', now)
        if not is_held(user) then
          if grace > 0 then
            redis.call('ZADD', 'pg', now + grace, user)
          else
            turn(user, OFF, now)
          end
        end
      end
    end
  end
end
return {fresh, moment(), changes}
