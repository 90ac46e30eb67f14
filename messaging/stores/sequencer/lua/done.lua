-- Notes that are finished. Pairs of conversation and seq. What frees memory goes first: a shard without any refuses the count.
local freed, places, notes = 0, {}, {}
for i = 2, #ARGV, 2 do
  local conversation, seq = ARGV[i], ARGV[i + 1]
  freed = freed + redis.call('HSTRLEN', 'o:' .. conversation, seq)
  places[#places + 1] = conversation .. ':' .. seq
  local mine = notes[conversation] or {}
  mine[#mine + 1] = seq
  notes[conversation] = mine
end
for conversation, seqs in pairs(notes) do redis.call('HDEL', 'o:' .. conversation, unpack(seqs)) end
redis.call('ZREM', 'due', unpack(places))
redis.call('DECRBY', 'note_bytes', freed)
return 0
