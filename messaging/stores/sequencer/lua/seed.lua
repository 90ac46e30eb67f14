-- Gives a conversation its counters, from what was read in history. Answers 1, or 0 when the token is not ours any more.
-- Until the head has reached all that was seeded (field w), nobody is told a head: it was higher before.
-- ARGV: epoch, conversation, token, head, next, time, membership version, rev, floor, how many ids, then (id, "seq,time,digest") each,
-- then (seq, note) each.
local conversation = ARGV[2]
local key = 'c:' .. conversation
if redis.call('GET', 'k:' .. conversation) ~= ARGV[3] or redis.call('EXISTS', key) == 1 then return 0 end
for _, note in ipairs(redis.call('HVALS', 'o:' .. conversation)) do redis.call('DECRBY', 'note_bytes', #note) end
redis.call('DEL', 'o:' .. conversation, 's:' .. conversation, 'i:' .. conversation .. ':0', 'i:' .. conversation .. ':1')
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local ids = tonumber(ARGV[10])
redis.call('HSET', key, 'h', ARGV[4], 'n', ARGV[5], 'w', ARGV[5], 't', ARGV[6], 'v', ARGV[7], 'r', ARGV[8], 'f', ARGV[9],
  'g', 0, 'gn', ids, 'gt', ARGV[9], 'ga', now)
redis.call('EXPIRE', key, 172800)
for i = 11, 10 + 2 * ids, 2 do redis.call('HSET', 'i:' .. conversation .. ':0', ARGV[i], ARGV[i + 1]) end
for i = 11 + 2 * ids, #ARGV, 2 do
  redis.call('HSET', 'o:' .. conversation, ARGV[i], ARGV[i + 1])
  redis.call('ZADD', 'due', now, conversation .. ':' .. ARGV[i])
  redis.call('INCRBY', 'note_bytes', #ARGV[i + 1])
end
for _, other in ipairs({'o:' .. conversation, 'i:' .. conversation .. ':0'}) do redis.call('EXPIRE', other, 345600) end
redis.call('DEL', 'k:' .. conversation)
return 1
