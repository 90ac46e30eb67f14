-- Notes that are finished. Pairs of conversation and seq.
for i = 2, #ARGV, 2 do
  local notes, seq = 'o:' .. ARGV[i], ARGV[i + 1]
  redis.call('DECRBY', 'note_bytes', redis.call('HSTRLEN', notes, seq))
  redis.call('HDEL', notes, seq)
  redis.call('ZREM', 'due', ARGV[i] .. ':' .. seq)
end
return 0
