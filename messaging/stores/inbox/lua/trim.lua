-- One step of trimming all inboxes. ARGV: epoch, where the last step stopped, how many entries stay, the time (ms) before which none
-- does, how long an inbox lives (seconds).
-- Answers where to go on; '0' at the end. One entry more stays: who has seen it has lost nothing.
local step = redis.call('SCAN', ARGV[2], 'MATCH', 'x:*', 'COUNT', 200)
for _, inbox in ipairs(step[2]) do
  redis.call('XTRIM', inbox, 'MAXLEN', '=', string.format('%.0f', ARGV[3] + 1))
  local old = redis.call('XREVRANGE', inbox, '(' .. ARGV[4], '-', 'COUNT', 1)[1]
  if old then redis.call('XTRIM', inbox, 'MINID', '=', old[1]) end
  if redis.call('TTL', inbox) < 0 then redis.call('EXPIRE', inbox, ARGV[5]) end -- it had few entries so far (spread.lua)
end
return step[1]
