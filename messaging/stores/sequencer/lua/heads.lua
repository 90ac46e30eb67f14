-- Where conversations stand: {head, rev, time of the last, membership version} each, or nothing where there is no counter.
local found = {}
for i = 2, #ARGV do
  local c = redis.call('HMGET', 'c:' .. ARGV[i], 'h', 'r', 't', 'v')
  found[#found + 1] = c[1] and c or {}
end
return found
