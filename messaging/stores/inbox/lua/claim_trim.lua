-- Whether the caller may trim this shard now: one node at a time. ARGV: epoch, how long nobody else shall (ms).
return redis.call('SET', 'trimming', '1', 'NX', 'PX', ARGV[2]) and 1 or 0
