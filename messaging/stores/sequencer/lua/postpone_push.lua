-- Push checks that are to be looked at again, unless a later message came meanwhile, which has a time of its own, or they were settled.
-- ARGV: epoch, then conversation, seq, when (ms) of each.
for i = 2, #ARGV, 3 do
  local seq = redis.call('HGET', 'c:' .. ARGV[i], 'p')
  if seq and tonumber(seq) <= tonumber(ARGV[i + 1]) then redis.call('ZADD', 'push', 'XX', ARGV[i + 2], ARGV[i]) end
end
return 0
