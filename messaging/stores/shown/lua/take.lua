-- Notices that were taken back, unless there is a newer one. ARGV: epoch, then user, conversation, device, seq of each.
for i = 2, #ARGV, 4 do
  local key = 'n:' .. ARGV[i] .. ':' .. ARGV[i + 1]
  local known = redis.call('HGET', key, ARGV[i + 2])
  if known and tonumber(known) <= tonumber(ARGV[i + 3]) then redis.call('HDEL', key, ARGV[i + 2]) end
end
return 0
