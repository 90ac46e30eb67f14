-- For each user and conversation: device, seq, device, … ARGV: epoch, then user and conversation of each.
local found = {}
for i = 2, #ARGV, 2 do found[#found + 1] = redis.call('HGETALL', 'n:' .. ARGV[i] .. ':' .. ARGV[i + 1]) end
return found
