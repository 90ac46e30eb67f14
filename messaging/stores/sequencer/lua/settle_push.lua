-- Removes push checks, unless a later message came meanwhile. ARGV: epoch, then conversation and seq of each.
for i = 2, #ARGV, 2 do
  local seq = redis.call('HGET', 'c:' .. ARGV[i], 'p')
  if not seq or tonumber(seq) <= tonumber(ARGV[i + 1]) then redis.call('ZREM', 'push', ARGV[i]) end
end
return 0
