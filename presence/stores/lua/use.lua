-- Which devices somebody uses at the caller. Triples: user, device, 1 from now on or 0 not any more. Answers {lease was lost}.
local fresh = beat()
if in_order() then
  for i = 6, #ARGV, 3 do
    local key = 'pa:' .. ARGV[i]
    redis.call('HSET', key, ARGV[i + 1], ARGV[i + 2] == '1' and '@' .. me or string.format('%d', now))
    redis.call('EXPIRE', key, KEPT_SECONDS)
  end
end
return {fresh}
