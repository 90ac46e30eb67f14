-- Whom the caller watches from now on, and whom no longer. ARGV[6]: how many to watch; these users; then those to forget.
-- Answers {lease was lost, moment, standings of those to watch}.
local fresh = beat()
local last, standings = 6 + tonumber(ARGV[6]), {}
if in_order() then
  for i = 7, last do
    redis.call('SADD', 'w:' .. ARGV[i], me)
    redis.call('SADD', 'pw:' .. me, ARGV[i])
    standings[#standings + 1] = standing(ARGV[i])
  end
  for i = last + 1, #ARGV do
    redis.call('SREM', 'w:' .. ARGV[i], me)
    redis.call('SREM', 'pw:' .. me, ARGV[i])
    redis.call('SREM', 'pn:' .. me, ARGV[i])
  end
end
return {fresh, moment(), standings}
