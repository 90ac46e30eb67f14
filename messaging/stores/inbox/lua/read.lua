-- Reads inboxes. Answers {epoch, then for each {what, last position, {entry …}}}, what being 'ok', 'trimmed' or 'unknown'.
-- ARGV: epoch, now (ms, or '' for the clock of the shard), how long an inbox lives (seconds); then for each: user, position, how many entries.
-- Inboxes are trimmed from their beginning only, and the last entry trimmed to stays (trim.lua): a position before the first is lost.
local function is_before(one, other)
  local one_ms, one_count = string.match(one, '^(%d+)-(%d+)$')
  local other_ms, other_count = string.match(other, '^(%d+)-(%d+)$')
  one_ms, other_ms = tonumber(one_ms), tonumber(other_ms)
  return one_ms < other_ms or (one_ms == other_ms and tonumber(one_count) < tonumber(other_count))
end

local function read(inbox, position, count)
  local first = redis.call('XRANGE', inbox, '-', '+', 'COUNT', 1)[1]
  if not first then return {'trimmed', begin(inbox, ARGV[2], ARGV[3]), {}} end
  local last = redis.call('XREVRANGE', inbox, '+', '-', 'COUNT', 1)[1][1]
  if is_before(last, position) then return {'unknown', last, {}} end
  if is_before(position, first[1]) then return {'trimmed', last, {}} end
  return {'ok', last, redis.call('XRANGE', inbox, '(' .. position, '+', 'COUNT', count)}
end

local answer = {ARGV[1]}
for i = 4, #ARGV, 3 do
  answer[#answer + 1] = read('x:' .. ARGV[i], ARGV[i + 1], ARGV[i + 2])
end
return answer
