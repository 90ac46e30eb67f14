-- Where conversations stand: {head, rev, time of the last, membership version} each; {} where there is no counter, {-1} where what it
-- was seeded with is not released yet.
local found = {}
for i = 2, #ARGV do
  local c = redis.call('HMGET', 'c:' .. ARGV[i], 'h', 'r', 't', 'v', 'w')
  local waits = c[1] and tonumber(c[1]) < tonumber(c[5])
  found[#found + 1] = waits and {-1} or c[1] and {c[1], c[2], c[3], c[4]} or {}
end
return found
