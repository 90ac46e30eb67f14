-- Begins a life: refused unless its epoch is greater than the shard's own. Empties the shard.
-- ARGV: epoch, run id of this Redis process.
local own = redis.call('GET', 'epoch')
if own and tonumber(own) >= tonumber(ARGV[1]) then return 0 end
redis.call('FLUSHALL', 'ASYNC')
redis.call('SET', 'epoch', ARGV[1])
redis.call('SET', 'run', ARGV[2])
return 1
