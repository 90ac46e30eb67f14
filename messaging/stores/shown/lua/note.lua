-- Notices that devices were given, by maximum. ARGV: epoch, how long they are kept (s); then user, conversation, device, seq of each.
for i = 3, #ARGV, 4 do
  local key = 'n:' .. ARGV[i] .. ':' .. ARGV[i + 1]
  local known = tonumber(redis.call('HGET', key, ARGV[i + 2]) or '0')
  if tonumber(ARGV[i + 3]) > known then redis.call('HSET', key, ARGV[i + 2], ARGV[i + 3]) end
  redis.call('EXPIRE', key, ARGV[2])
end
return 0
