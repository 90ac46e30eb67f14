-- Marks messages as stored: the head moves over every consecutive one. Pairs of conversation and seq; answers each one's head, -1 where
-- there is no counter. Keys: c:{conversation}; s:{conversation} set of seqs that are stored and wait for a lower one.
local heads = {}
for i = 2, #ARGV, 2 do
  local key, waiting, seq = 'c:' .. ARGV[i], 's:' .. ARGV[i], tonumber(ARGV[i + 1])
  local head = tonumber(redis.call('HGET', key, 'h') or '-1')
  if head >= 0 and seq == head + 1 then
    head = seq
    while redis.call('SREM', waiting, head + 1) == 1 do head = head + 1 end
    redis.call('HSET', key, 'h', head)
  elseif head >= 0 and seq > head then
    redis.call('SADD', waiting, seq)
    redis.call('EXPIRE', waiting, 345600)
  end
  heads[#heads + 1] = head
end
return heads
