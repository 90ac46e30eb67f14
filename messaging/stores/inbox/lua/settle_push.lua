-- Removes push checks, unless a higher seq came meanwhile. ARGV: epoch, then "user:conversation" and seq of each.
for i = 2, #ARGV, 2 do
  local seq = redis.call('HGET', 'push_seq', ARGV[i])
  if seq and tonumber(seq) <= tonumber(ARGV[i + 1]) then
    redis.call('HDEL', 'push_seq', ARGV[i])
    redis.call('ZREM', 'push', ARGV[i])
  end
end
return 0
