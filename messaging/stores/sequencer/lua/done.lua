-- Notes that are finished. Pairs of conversation and seq. What frees memory goes first: a shard without any refuses the count.
for i = 2, #ARGV, 2 do
  local notes, seq = 'o:' .. ARGV[i], ARGV[i + 1]
  local bytes = redis.call('HSTRLEN', notes, seq)
  redis.call('HDEL', notes, seq)
  redis.call('ZREM', 'due', ARGV[i] .. ':' .. seq)
  redis.call('DECRBY', 'note_bytes', bytes)
end
return 0
