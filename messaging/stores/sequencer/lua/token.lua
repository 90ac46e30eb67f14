-- Who may seed a conversation: 1 for the one who asks, 0 while another does, -1 when it has its counters. ARGV: epoch, conversation, token.
if redis.call('EXISTS', 'c:' .. ARGV[2]) == 1 then return -1 end
return redis.call('SET', 'k:' .. ARGV[2], ARGV[3], 'NX', 'PX', 10000) and 1 or 0
