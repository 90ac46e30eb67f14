-- Uses tickets up. ARGV: epoch, then the digests. Answers each one's holder, '' for none.
local answer = {}
for i = 2, #ARGV do
  answer[#answer + 1] = redis.call('GETDEL', 't:' .. ARGV[i]) or ''
end
return answer
